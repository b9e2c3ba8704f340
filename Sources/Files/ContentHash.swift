import Crypto
public import Foundation

/// SHA-256 hashes as 64 hexadecimal digits. They identify the contents of caches and checkpoints.
public enum ContentHash {
  /// Hexadecimal digits of a hash.
  package static let length = 64

  /// The hash of bytes in memory.
  public static func of(_ data: some DataProtocol) -> String {
    var hash = SHA256()
    hash.update(data: data)
    return hex(hash.finalize())
  }

  /// The hash of a list of texts. Where one text ends and the next begins counts too.
  public static func of(_ parts: [String]) -> String {
    of(Data(parts.map { "\($0.utf8.count):\($0)" }.joined().utf8))
  }

  /// The hash of a file. Throws `FileAccessError.unreadable`.
  public static func of(fileAt url: URL) throws(FileAccessError) -> String {
    do {
      let file = try FileHandle(forReadingFrom: url)
      var hash = SHA256()
      while let chunk = try file.read(upToCount: 1 << 23), !chunk.isEmpty {
        hash.update(data: chunk)
      }
      try file.close()
      return hex(hash.finalize())
    } catch {
      throw .unreadable(file: url.relativePath, reason: error.reason)
    }
  }

  fileprivate static func hex(_ digest: SHA256.Digest) -> String {
    digest.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0\(digits)" : digits
    }.joined()
  }
}

/// The SHA-256 of bytes that come in pieces.
package struct RunningHash {
  private var hash = SHA256()

  package init() {}

  /// Takes the next bytes.
  package mutating func update(_ data: some DataProtocol) { hash.update(data: data) }

  /// The hash of all bytes so far, as 64 hexadecimal digits.
  package var value: String { ContentHash.hex(hash.finalize()) }
}
