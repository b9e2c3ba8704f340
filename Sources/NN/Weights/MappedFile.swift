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

  /// Maps the pages of a range that are needed now, all at once.
  func load(_ range: Range<Int>) { advise(range, Self.populateRead) }

  /// Starts to read the pages of a range from the disk, which will soon be needed.
  func prefetch(_ range: Range<Int>) { advise(range, Int32(MADV_WILLNEED)) }

  /// A system that does not know the advice reads the pages when they are used.
  private func advise(_ range: Range<Int>, _ advice: Int32) {
    guard let base = bytes.baseAddress, !range.isEmpty else { return }
    let start = range.lowerBound / Self.pageSize * Self.pageSize
    madvise(UnsafeMutableRawPointer(mutating: base + start), range.upperBound - start, advice)
  }

  /// Linux's MADV_POPULATE_READ, which older headers lack.
  private static let populateRead: Int32 = 22

  private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  deinit {
    if let address = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }
  }
}
