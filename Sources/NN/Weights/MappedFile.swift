import Files
import Foundation

/// The bytes of a file, mapped into memory until the last reference is gone.
final class MappedFile {
  let bytes: UnsafeRawBufferPointer

  /// Maps a file for reading. Throws `FileAccessError.unreadable`.
  init(_ url: URL) throws {
    let descriptor = open(url.path, O_RDONLY)
    guard descriptor >= 0 else { throw FileAccessError(reading: url) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileAccessError(reading: url) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileAccessError.unreadable(file: url.relativePath, reason: "it is not a file")
    }
    let size = Int(status.st_size)
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      address != MAP_FAILED
    else { throw FileAccessError(reading: url) }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
  }

  /// Lets the pages of a range leave memory. The next read takes them from the file again.
  func release(_ range: Range<Int>) {
    guard let base = bytes.baseAddress else { return }
    // A read maps its surroundings, too, and with them pages that were released before.
    let start = max(range.lowerBound / Self.window * Self.window - Self.window, 0)
    let end = min(range.upperBound + Self.window, bytes.count)
    madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
  }

  /// The size of the surroundings that Linux maps at a read (`fault_around_bytes`).
  private static let window = 64 << 10

  deinit {
    if let address = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }
  }
}
