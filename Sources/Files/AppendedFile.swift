import Failpoints
package import Foundation
import Synchronization

/// A file that only grows at its end. One thread may append while another syncs.
package final class AppendedFile: Sendable {
  private struct Lengths {
    /// Bytes in the file.
    var written: Int
    /// Bytes that are known to be on the disk.
    var synced: Int
  }

  package let url: URL

  private let descriptor: CInt
  private let lengths: Mutex<Lengths>

  /// Opens a file and truncates it to `length` bytes, or makes it if it does not exist. Its name
  /// and length are on the disk when this returns. Throws `FileAccessError.unwritable`.
  package init(_ url: URL, keeping length: Int) throws(FileAccessError) {
    self.url = url
    lengths = Mutex(Lengths(written: length, synced: length))
    let isNew = !DurableFile.exists(url)
    if isNew ? Failpoint.write.fails(url.path) : Failpoint.append.fails(url.path) {
      throw FileAccessError(writing: url)
    }
    descriptor = open(url.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileAccessError(writing: url) }
    guard ftruncate(descriptor, off_t(length)) == 0 else { throw FileAccessError(writing: url) }
    try sync()
    if isNew { try DurableFile.syncFolder(url.deletingLastPathComponent()) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Appends bytes. After a failure the next call overwrites the bytes written in part. Throws
  /// `FileAccessError.unwritable`.
  package func append(_ bytes: Data) throws(FileAccessError) {
    let (start, synced) = lengths.withLock { ($0.written, $0.synced) }
    if Failpoint.append.fails(url.path) { throw FileAccessError(writing: url) }
    Failpoint.appended(url.path, synced: synced)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        pwrite(
          descriptor, UnsafeRawBufferPointer(rebasing: bytes[done...]).baseAddress,
          bytes.count - done, off_t(start + done))
      }
      if count >= 0 {
        done += count
      } else if errno != EINTR {
        throw FileAccessError(writing: url)
      }
    }
    lengths.withLock { $0.written = start + done }
  }

  /// Waits until everything appended so far is on the disk. Throws `FileAccessError.unwritable`.
  package func sync() throws(FileAccessError) {
    let written = lengths.withLock { $0.written }
    try DurableFile.sync(descriptor, of: url)
    lengths.withLock { $0.synced = max($0.synced, written) }
    Failpoint.appended(url.path, synced: written)
  }
}
