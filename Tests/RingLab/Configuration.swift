import Glibc

/// Whom Dovecot's services run as.
///
/// Root has Dovecot's own users and `chroot` for them, and mail belongs to `nobody`, for Dovecot serves no mail as root.
/// Anybody else runs everything as themselves, and cannot `chroot`.
struct Identity: Sendable {
    let mailUser: uid_t
    let mailGroup: gid_t
    let user: String?
    let group: String?

    static let current: Identity = {
        let user = getpwuid(geteuid()).flatMap { $0.pointee.pw_name }.map { String(cString: $0) }
        let group = getgrgid(getegid()).flatMap { $0.pointee.gr_name }.map { String(cString: $0) }
        if geteuid() != 0 { return Identity(mailUser: geteuid(), mailGroup: getegid(), user: user, group: group) }
        let nobody = getpwnam("nobody")?.pointee
        return Identity(
            mailUser: nobody?.pw_uid ?? 65534, mailGroup: nobody?.pw_gid ?? 65534, user: nil, group: nil)
    }()

    /// What an instance needs when root does not run it.
    func configuration(confined services: [String]) -> String {
        guard let user, let group else { return "" }
        let rooms = services.map { "service \($0) {\n  chroot =\n}\n" }.joined()
        return """
            default_internal_user = \(user)
            default_internal_group = \(group)
            default_login_user = \(user)
            \(rooms)
            """
    }
}

/// The ports that all of a ring's instances share, each on an address of its own.
struct Ports: Sendable {
    var ring: Int
    var imap: Int
    var pop3: Int
    var lmtp: Int
}

/// What each instance has.
///
/// The penalty for wrong passwords is off: it would make right logins slow for a while.
func commonConfiguration(name: String, address: String, directory: String) -> String {
    """
    instance_name = \(name)
    base_dir = \(directory)/run
    state_dir = \(directory)/state
    log_path = \(directory)/log
    listen = \(address)
    ssl = no
    disable_plaintext_auth = no
    auth_mechanisms = plain
    auth_failure_delay = 0
    service anvil {
      unix_listener anvil-auth-penalty {
        mode = 0
      }
    }

    """
}

/// A director that takes any user with any password and lets the backend judge it.
func directorConfiguration(directors: [String], backends: [String], ports: Ports) -> String {
    """
    protocols = imap
    director_servers = \(directors.joined(separator: " "))
    director_mail_servers = \(backends.joined(separator: " "))
    passdb {
      driver = static
      args = proxy=y nopassword=y port=\(ports.imap)
    }
    service director {
      unix_listener login/director {
        mode = 0666
      }
      fifo_listener login/proxy-notify {
        mode = 0666
      }
      unix_listener director-userdb {
        mode = 0600
      }
      unix_listener director-admin {
        mode = 0600
      }
      inet_listener {
        port = \(ports.ring)
      }
    }
    service imap-login {
      executable = imap-login director
      inet_listener imap {
        port = \(ports.imap)
      }
      inet_listener imaps {
        port = 0
      }
    }
    \(Identity.current.configuration(confined: ["director", "imap-login", "anvil", "ipc"]))
    """
}

/// What lets each user have so many messages.
func quotaConfiguration(messages: Int) -> String {
    """

    mail_plugins = quota
    plugin {
      quota = maildir:User quota
      quota_rule = *:messages=\(messages)
    }

    """
}

/// A backend that takes any user with `password`.
///
/// Without `mailbox_list_index = no` LIST answers from that index, and so does not notice a lost mailbox.
func backendConfiguration(directory: String, password: String, ports: Ports) -> String {
    let identity = Identity.current
    let lmtpUser = identity.user.map { "service lmtp {\n  user = \($0)\n}\n" } ?? ""
    return """
        protocols = imap pop3 lmtp
        first_valid_uid = 1
        mail_location = maildir:\(directory)/mail/%u
        mailbox_list_index = no
        passdb {
          driver = static
          args = password=\(password)
        }
        userdb {
          driver = static
          args = uid=\(identity.mailUser) gid=\(identity.mailGroup) home=\(directory)/mail/%u
        }
        service imap-login {
          inet_listener imap {
            port = \(ports.imap)
          }
          inet_listener imaps {
            port = 0
          }
        }
        service pop3-login {
          inet_listener pop3 {
            port = \(ports.pop3)
          }
          inet_listener pop3s {
            port = 0
          }
        }
        service lmtp {
          unix_listener lmtp {
            mode = 0
          }
          inet_listener lmtp {
            port = \(ports.lmtp)
          }
        }
        \(lmtpUser)\(identity.configuration(confined: ["imap-login", "pop3-login", "anvil", "ipc"]))
        """
}
