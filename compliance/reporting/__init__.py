"""From findings to what people read: texts, workbook, page, terminal."""
