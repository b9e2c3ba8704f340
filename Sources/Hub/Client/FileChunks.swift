import Files
import Foundation
import NIOCore

/// The bytes of a part of a file, in pieces.
struct FileChunks: AsyncSequence, Sendable {
  private static let length = 1 << 18

  let file: URL
  let range: Range<Int>
  /// Takes the place in the file that is reached.
  let sent: @Sendable (Int) -> Void

  func makeAsyncIterator() -> Iterator { Iterator(chunks: self, rest: range) }

  struct Iterator: AsyncIteratorProtocol {
    private let chunks: FileChunks
    private var rest: Range<Int>
    private var handle: FileHandle?

    fileprivate init(chunks: FileChunks, rest: Range<Int>) {
      self.chunks = chunks
      self.rest = rest
    }

    /// Throws `FileAccessError.unreadable`, also for a file that has become shorter.
    mutating func next() async throws -> ByteBuffer? {
      guard !rest.isEmpty else { return nil }
      do {
        let handle = try handle ?? FileHandle(forReadingFrom: chunks.file)
        if self.handle == nil { try handle.seek(toOffset: UInt64(rest.lowerBound)) }
        self.handle = handle
        guard let bytes = try handle.read(upToCount: Swift.min(FileChunks.length, rest.count)),
          !bytes.isEmpty
        else { throw POSIXError(.EIO) }
        rest = rest.dropFirst(bytes.count)
        chunks.sent(rest.lowerBound)
        return ByteBuffer(bytes: bytes)
      } catch {
        throw FileAccessError.unreadable(file: chunks.file.relativePath, reason: error.reason)
      }
    }
  }
}
