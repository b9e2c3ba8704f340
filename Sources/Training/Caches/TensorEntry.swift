import Drawing
import Files
import Foundation
import NN
import Torch

/// One file of a ``TensorCache``: tensors, and a hash of the key and the tensors.
struct TensorEntry {
  private static let hashName = "sha256"

  /// The file, named by its key.
  let url: URL

  /// Reads the tensors by name, on the CPU, and checks their hash. Throws `CacheError.damaged`,
  /// `WeightsError`.
  func read() throws -> [String: Tensor] {
    let file = try SafetensorsFile(contentsOf: url)
    guard let expected = file.metadata[Self.hashName] else {
      throw CacheError.damaged(file: url.relativePath, problem: "it has no hash")
    }
    var tensors: [String: Tensor] = [:]
    // Copied, because tensors of the mapped file would change with it.
    for name in file.names { tensors[name] = try file.tensor(name).clone() }
    guard try hash(of: tensors) == expected else {
      throw CacheError.damaged(file: url.relativePath, problem: "its hash is wrong")
    }
    return tensors
  }

  /// Writes tensors, replacing an existing file. If this fails, that file is unchanged. Throws
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
