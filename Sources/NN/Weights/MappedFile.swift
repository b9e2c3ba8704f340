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

  deinit {
    if let address = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }
  }
}
