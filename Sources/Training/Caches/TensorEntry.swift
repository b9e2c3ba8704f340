import Drawing
import Files
import Foundation
import NN
import Torch

/// One file of a ``TensorCache``: tensors, and a hash of the file's key and of all that they are.
struct TensorEntry {
  private static let hashName = "sha256"

  /// Where the file is; it is named by its key.
  let url: URL

  /// The tensors by their names, on the CPU and apart from the file, once their hash is found right.
  /// Throws `CacheError.damaged`, `WeightsError`.
  func read() throws -> [String: Tensor] {
    let file = try SafetensorsFile(contentsOf: url)
    guard let expected = file.metadata[Self.hashName] else {
      throw CacheError.damaged(file: url.relativePath, problem: "it carries no hash")
    }
    var tensors: [String: Tensor] = [:]
    // Copied, so that nothing depends on the file any more, whatever becomes of it.
    for name in file.names { tensors[name] = try file.tensor(name).clone() }
    guard try hash(of: tensors) == expected else {
      throw CacheError.damaged(file: url.relativePath, problem: "it is not what was written")
    }
    return tensors
  }

  /// Writes tensors in place of what is there: whole or, where that fails, not at all. Throws
  /// `FileAccessError.unwritable`, `WeightsError`.
  func write(_ tensors: [String: Tensor]) throws {
    let hash = try hash(of: tensors)
    try DurableFile.replace(url) { temporary in
      try SafetensorsWriter.write(
        tensors.map { ($0.key, $0.value) }, metadata: [Self.hashName: hash], to: temporary)
    }
  }

  private func hash(of tensors: [String: Tensor]) throws -> String {
    let parts = try tensors.sorted { $0.key < $1.key }.flatMap { name, tensor in
      [name, tensor.dtype.rawValue, "\(tensor.shape)", ContentHash.of(try tensor.bytes())]
    }
    return ContentHash.of([url.lastPathComponent] + parts)
  }
}
