import Crypto
package import Files
package import Foundation

/// A file to be put into a repository.
package struct UploadFile: Sendable {
  /// Where its bytes are.
  enum Source: Sendable {
    case bytes(Data)
    case file(URL)
  }

  /// The path in the repository.
  package let path: String
  /// Bytes.
  package let size: Int
  let source: Source
  /// The SHA-256 of the content.
  let sha256: String
  /// The name of the content in git.
  let blob: String
  /// The first 512 bytes, by which the Hub tells text from other files.
  let sample: Data

  /// A file that is written here.
  package init(path: String, bytes: Data) {
    self.path = path
    size = bytes.count
    source = .bytes(bytes)
    sha256 = ContentHash.of(bytes)
    var blob = GitBlobHash(size: bytes.count)
    blob.update(bytes)
    self.blob = blob.value
    sample = bytes.prefix(512)
  }

  /// A file on the disk. Throws `FileAccessError.unreadable`.
  package init(path: String, file: URL) throws(FileAccessError) {
    do {
      let handle = try FileHandle(forReadingFrom: file)
      size = Int(try handle.seekToEnd())
      try handle.seek(toOffset: 0)
      var sha256 = RunningHash()
      var blob = GitBlobHash(size: size)
      var sample = Data()
      while let chunk = try handle.read(upToCount: 1 << 23), !chunk.isEmpty {
        if sample.isEmpty { sample = chunk.prefix(512) }
        sha256.update(chunk)
        blob.update(chunk)
      }
      try handle.close()
      self.path = path
      source = .file(file)
      self.sha256 = sha256.value
      self.blob = blob.value
      self.sample = sample
    } catch {
      throw .unreadable(file: file.relativePath, reason: error.reason)
    }
  }

  /// A part of the content as the body of a request.
  func body(_ range: Range<Int>) -> HubRequest.Body {
    switch source {
    case .bytes(let bytes):
      .bytes(
        Data(bytes[(bytes.startIndex + range.lowerBound)..<(bytes.startIndex + range.upperBound)]))
    case .file(let file): .file(file, range: range)
    }
  }

  /// The whole content. Throws `FileAccessError.unreadable`.
  func content() throws(FileAccessError) -> Data {
    switch source {
    case .bytes(let bytes): return bytes
    case .file(let file):
      do {
        return try Data(contentsOf: file)
      } catch {
        throw .unreadable(file: file.relativePath, reason: error.reason)
      }
    }
  }
}
