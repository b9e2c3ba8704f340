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
    // The first and the last page may belong to neighbours, too.
    let start = (range.lowerBound + Self.pageSize - 1) / Self.pageSize * Self.pageSize
    let end = range.upperBound / Self.pageSize * Self.pageSize
    guard start < end else { return }
    let pages = UnsafeMutableRawPointer(mutating: base + start)
    // A read of a neighbour also maps its surroundings, but only as far as the same advice holds.
    madvise(pages, end - start, MADV_RANDOM)
    madvise(pages, end - start, MADV_DONTNEED)
  }

  private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  deinit {
    if let address = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }
  }
}
