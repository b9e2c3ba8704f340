import Crypto
import Files
import Foundation

/// The hash by which the Hub knows a file.
package enum FileDigest: Sendable, Hashable {
  /// The SHA-256 of a large file, kept in Git LFS.
  case sha256(String)
  /// The SHA-1 of `blob <size>\0` and the content: the name of a small file in git.
  case gitBlob(String)

  /// A hash by its hexadecimal digits: 64 for SHA-256, 40 for git; nil for any other text.
  init?(hexadecimal text: String) {
    let digits = text.lowercased()
    guard digits.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else { return nil }
    switch digits.count {
    case 64: self = .sha256(digits)
    case 40: self = .gitBlob(digits)
    default: return nil
    }
  }

  /// The hexadecimal digits.
  package var value: String {
    switch self {
    case .sha256(let value), .gitBlob(let value): value
    }
  }
}

/// The name of a file in git, whose bytes come in pieces: the SHA-1 of `blob <size>\0` and the content.
struct GitBlobHash {
  private var hash = Insecure.SHA1()

  init(size: Int) { hash.update(data: Data("blob \(size)\0".utf8)) }

  mutating func update(_ data: some DataProtocol) { hash.update(data: data) }

  /// 40 hexadecimal digits.
  var value: String {
    hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}

/// The hashes of a file whose bytes come in pieces: SHA-256 always, and git's where it is needed.
struct RunningDigest {
  private let wanted: FileDigest
  private var sha256 = RunningHash()
  private var blob: GitBlobHash?

  /// The digest of a file of `size` bytes.
  init(for wanted: FileDigest, size: Int) {
    self.wanted = wanted
    if case .gitBlob = wanted { blob = GitBlobHash(size: size) }
  }

  mutating func update(_ data: some DataProtocol) {
    sha256.update(data)
    blob?.update(data)
  }

  /// The SHA-256 if the bytes so far are the wanted file, else nil.
  var match: String? {
    switch wanted {
    case .sha256(let value): sha256.value == value ? value : nil
    case .gitBlob(let value): blob?.value == value ? sha256.value : nil
    }
  }

  /// The SHA-256 of a file on the disk if it is the wanted one; nil if it is another or cannot be
  /// read.
  static func match(_ file: RepositoryFile, at url: URL) -> String? {
    guard size(of: url) == file.size else { return nil }
    do {
      var digest = RunningDigest(for: file.digest, size: file.size)
      try digest.update(file: url)
      return digest.match
    } catch {
      return nil
    }
  }

  /// The bytes of a regular file or of the one that a link leads to; nil without one.
  static func size(of url: URL) -> Int? {
    var status = stat()
    guard stat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  /// Takes the bytes of a file. Throws `FileAccessError.unreadable`.
  mutating func update(file: URL) throws(FileAccessError) {
    do {
      let handle = try FileHandle(forReadingFrom: file)
      while let chunk = try handle.read(upToCount: 1 << 23), !chunk.isEmpty { update(chunk) }
      try handle.close()
    } catch {
      throw .unreadable(file: file.relativePath, reason: error.reason)
    }
  }
}
