import Files
import Foundation
import NIOCore

/// The bytes of a part of a file, in pieces.
struct FileChunks: AsyncSequence, Sendable {
  private static let length = 1 << 18

  let file: URL
  let range: Range<Int>

  func makeAsyncIterator() -> Iterator { Iterator(file: file, range: range) }

  struct Iterator: AsyncIteratorProtocol {
    private let file: URL
    private var rest: Range<Int>
    private var handle: FileHandle?

    init(file: URL, range: Range<Int>) {
      self.file = file
      rest = range
    }

    /// Throws `FileAccessError.unreadable`, also for a file that has become shorter.
    mutating func next() async throws -> ByteBuffer? {
      guard !rest.isEmpty else { return nil }
      do {
        let handle = try handle ?? FileHandle(forReadingFrom: file)
        if self.handle == nil { try handle.seek(toOffset: UInt64(rest.lowerBound)) }
        self.handle = handle
        guard let bytes = try handle.read(upToCount: Swift.min(FileChunks.length, rest.count)),
          !bytes.isEmpty
        else { throw POSIXError(.EIO) }
        rest = rest.dropFirst(bytes.count)
        return ByteBuffer(bytes: bytes)
      } catch {
        throw FileAccessError.unreadable(file: file.relativePath, reason: error.reason)
      }
    }
  }
}
