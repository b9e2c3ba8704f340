import Files
public import Foundation
import Synchronization
public import Torch

/// A safetensors file in memory: tensors copied at one moment, which can change while the copy is
/// written. Every copy reuses the memory of the first, because fresh memory costs more than the
/// copying.
public final class SafetensorsSnapshot: Sendable {
  private struct Content {
    var entries: [SafetensorsEntry] = []
    var metadata: [String: String] = [:]
    /// The bytes of each entry. One block for all would not fit into the memory that a step has
    /// freed, which the system does not get back.
    var bytes: [[UInt8]] = []
  }

  private let hashKey: String?
  private let content = Mutex(Content())

  /// A snapshot without tensors, which takes no memory yet.
  ///
  /// - Parameter hashKey: the key in the metadata that gets the SHA-256 of the tensors' bytes.
  public init(hashKey: String? = nil) { self.hashKey = hashKey }

  /// Copies tensors from the CPU or a GPU. Waits while an earlier copy is written. Throws
  /// `TorchError`.
  public func take(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:]
  ) throws {
    let entries = tensors.enumerated().map {
      SafetensorsEntry(index: $0, name: $1.name, dtype: $1.tensor.dtype, shape: $1.tensor.shape)
    }
    try content.withLock { content in
      content.entries = entries
      content.metadata = metadata
      if content.bytes.map(\.count) != entries.map(\.size) {
        // An array that does not fit ends the program, and a tensor throws.
        content.bytes = []
        _ = try Tensor.empty([entries.reduce(0) { $0 + $1.size }], dtype: .uint8)
        content.bytes = entries.map { Array(repeating: 0, count: $0.size) }
      }
      for entry in entries {
        try content.bytes[entry.index].withUnsafeMutableBytes {
          try tensors[entry.index].tensor.copyBytes(to: $0)
        }
      }
    }
  }

  /// The size of the tensors in bytes.
  public var size: Int { content.withLock { $0.entries.reduce(0) { $0 + $1.size } } }

  /// Writes a new file and syncs it to the disk. If that fails, no file is left. Throws
  /// `FileAccessError.unwritable`.
  public func write(to url: URL) throws {
    try content.withLock { content in
      let layout = content.entries.inFileOrder
      let metadata = content.metadata.adding(hashKey) { hash in
        for entry in layout { hash.update(content.bytes[entry.index]) }
      }
      let file = try NewFile(url)
      try file.append(layout.head(metadata))
      for entry in layout { try file.append(content.bytes[entry.index]) }
      try file.finish()
    }
  }
}
