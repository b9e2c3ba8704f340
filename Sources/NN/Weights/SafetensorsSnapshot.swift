import Files
public import Foundation
import Synchronization
public import Torch

/// A safetensors file in memory: tensors copied at one moment, which can change while the copy is
/// written. Every copy reuses the memory, because fresh memory costs more than the copying.
public final class SafetensorsSnapshot: Sendable {
  private struct Content {
    var entries: [SafetensorsEntry] = []
    /// The tensors one after the other, in the order of `entries`.
    var bytes: [UInt8] = []
  }

  private let metadata: [String: String]
  private let content = Mutex(Content())

  /// Allocates memory for the tensors and takes the first copy. Throws `TorchError`.
  public init(
    of tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:]
  ) throws {
    self.metadata = metadata
    try take(tensors)
  }

  /// Copies tensors from the CPU or a GPU. Waits while an earlier copy is written. Throws
  /// `TorchError`.
  public func take(_ tensors: [(name: String, tensor: Tensor)]) throws {
    let entries = tensors.enumerated().map {
      SafetensorsEntry(index: $0, name: $1.name, dtype: $1.tensor.dtype, shape: $1.tensor.shape)
    }
    let size = entries.reduce(0) { $0 + $1.size }
    try content.withLock { content in
      content.entries = entries
      if content.bytes.count != size { content.bytes = Array(repeating: 0, count: size) }
      try content.bytes.withUnsafeMutableBytes { bytes in
        var start = 0
        for entry in entries {
          let end = start + entry.size
          try tensors[entry.index].tensor.copyBytes(
            to: UnsafeMutableRawBufferPointer(rebasing: bytes[start..<end]))
          start = end
        }
      }
    }
  }

  /// The size of the tensors in bytes.
  public var size: Int { content.withLock { $0.bytes.count } }

  /// Writes a new file and syncs it to the disk. If that fails, no file is left. Throws
  /// `FileAccessError.unwritable`.
  public func write(to url: URL) throws {
    try content.withLock { content in
      var starts = [0]
      for entry in content.entries { starts.append(starts[starts.count - 1] + entry.size) }
      let layout = content.entries.inFileOrder
      let file = try NewFile(url)
      try file.append(layout.head(metadata))
      for entry in layout {
        try file.append(content.bytes[starts[entry.index]..<starts[entry.index + 1]])
      }
      try file.finish()
    }
  }
}
