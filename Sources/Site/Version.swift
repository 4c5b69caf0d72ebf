/// This program's version, as it tells users and servers.
package let dovemonVersion = "0.1.0"
