import Files
import Foundation

/// An open image file.
struct ImageFile {
  /// The path as the caller gave it, for messages.
  let name: String
  let byteCount: Int
  private let handle: FileHandle

  /// Opens a regular file of at least one byte and at most `limits.fileBytes`. A pipe or device is
  /// refused without waiting for it.
  init(_ url: URL, limits: ImageLimits) throws(ImageError) {
    name = url.relativePath
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let code = errno
      throw ImageError(
        file: name, problem: code == ENOENT ? .missing : .unreadable(systemReason(code)))
    }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      throw ImageError(file: name, problem: .unreadable(systemReason(code)))
    }
    byteCount = Int(status.st_size)
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ImageError(file: name, problem: .notAFile)
    }
    guard byteCount > 0 else {
      throw ImageError(file: name, problem: .empty)
    }
    guard byteCount <= limits.fileBytes else {
      throw ImageError(file: name, problem: .fileTooLarge(byteCount: byteCount, limits: limits))
    }
  }

  /// The first `count` bytes, or all bytes of a shorter file.
  func read(upTo count: Int) throws(ImageError) -> Data {
    do {
      try handle.seek(toOffset: 0)
      return try handle.read(upToCount: count) ?? Data()
    } catch {
      throw ImageError(file: name, problem: .unreadable(error.reason))
    }
  }
}
