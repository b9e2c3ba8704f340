import Foundation

/// The name of a repository on the Hub: `owner/name`, or a name alone for the oldest ones.
package struct RepositoryName: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  /// Checks a name by the Hub's rules. Throws `RepositoryError.name`.
  package init(_ text: String) throws(RepositoryError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy(Self.isValid), text.utf8.count <= 96
    else {
      throw .name(found: text)
    }
    description = text
  }

  /// The name without the owner.
  package var name: String { String(description.split(separator: "/").last ?? "") }

  /// The owner; nil for a name alone.
  var owner: String? {
    let parts = description.split(separator: "/")
    return parts.count == 2 ? String(parts[0]) : nil
  }

  /// The parts for an address.
  var parts: [String] { description.split(separator: "/").map(String.init) }

  private static func isValid(_ part: Substring) -> Bool {
    let letters = part.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_.".utf8.contains(byte)
    }
    return letters && !part.isEmpty && !part.contains("..") && !part.contains("--")
      && !"-.".contains(part.first ?? "-") && !"-.".contains(part.last ?? "-")
      && !part.hasSuffix(".git")
  }
}
