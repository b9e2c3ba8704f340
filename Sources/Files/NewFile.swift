import Failpoints
package import Foundation

/// A file being written. It is closed with this object, and removed unless it was finished.
package final class NewFile {
  private let url: URL
  private let descriptor: CInt
  private var isFinished = false

  /// Makes an empty file, or empties an existing one. Throws `FileAccessError.unwritable`.
  package init(_ url: URL) throws {
    self.url = url
    if Failpoint.write.fails(url.path) { throw FileAccessError(writing: url) }
    descriptor = open(url.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw FileAccessError(writing: url) }
  }

  deinit {
    close(descriptor)
    if !isFinished { unlink(url.path) }
  }

  /// Appends bytes. Throws `FileAccessError.unwritable`.
  package func append(_ bytes: some ContiguousBytes) throws {
    if Failpoint.write.fails(url.path) { throw FileAccessError(writing: url) }
    try bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = write(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written >= 0 {
          rest = rest.dropFirst(written)
        } else if errno != EINTR {
          throw FileAccessError(writing: url)
        }
      }
    }
  }

  /// Waits until the bytes are on the disk. Throws `FileAccessError.unwritable`.
  package func finish() throws {
    try DurableFile.sync(descriptor, of: url)
    Failpoint.synced(url.path)
    isFinished = true
  }
}
