"""Names in certificates that vendors ship and nobody has replaced: everyone who owns the product has the key."""

#: Texts looked for in the subject of a certificate no root vouches for, in lower case.
DEMO_NAMES = (
    "ironport appliance demo certificate",  # Cisco Secure Email (IronPort), one key on every appliance
    "cisco appliance demo certificate",  # its later name
    "snake oil",  # Apache's and mod_ssl's example authority
    "snakeoil",  # Debian's ssl-cert
    "localhost.localdomain",  # Red Hat's Postfix, Dovecot and mod_ssl defaults
    "cn=localhost",  # Zimbra, Kerio and many containers
    "imap.example.com",  # Dovecot's and Courier's mkcert example
    "automatically-generated imap ssl key",  # Courier
    "internet widgits pty ltd",  # openssl req, unanswered
    "default company ltd",  # openssl req on Red Hat, unanswered
    "someorganization",  # Red Hat's mod_ssl
    "fortinet_factory",  # FortiMail and FortiGate
    "cn=fortimail",
    "cn=fortigate",
    "barracuda/emailaddress",  # Barracuda Email Security Gateway
    "sales@barracuda.com",
    "cn=plesk",  # Plesk's default
    "info@plesk.com",
    "parallels panel",
    "dummy certificate",
    "demo certificate",
)


def is_demo(subject: str) -> bool:
    """Tell whether a subject is that of a certificate shipped with a product."""
    lowered = subject.lower()
    return any(name in lowered for name in DEMO_NAMES)
