public import Foundation
public import Torch

/// Writes safetensors files as the reference implementation lays them out.
public enum SafetensorsWriter {
  /// Writes tensors of different names and free text to a new file, and syncs it to the disk; where
  /// that fails, no file is left. The same content gives the same bytes. Throws
  /// `WeightsError.unwritable`, `TorchError`.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to url: URL
  ) throws {
    // Wider types first, so that every tensor is aligned; then by name.
    let sorted = tensors.map { (name: $0.name, tensor: $0.tensor, dtype: $0.tensor.dtype) }.sorted {
      ($1.dtype.itemSize, $0.name) < ($0.dtype.itemSize, $1.name)
    }
    var offset = 0
    var header: [String: Any] = [:]
    if !metadata.isEmpty { header["__metadata__"] = metadata }
    for (name, tensor, dtype) in sorted {
      let end = offset + tensor.count * dtype.itemSize
      header[name] = [
        "dtype": dtype.safetensorsName, "shape": tensor.shape, "data_offsets": [offset, end],
      ]
      offset = end
    }
    var json = try JSONSerialization.data(
      withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
    json.append(contentsOf: Array(repeating: UInt8(ascii: " "), count: -json.count & 7))

    let file = try NewFile(url)
    try file.append(withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) })
    try file.append(json)
    for (_, tensor, _) in sorted { try file.append(tensor.bytes()) }
    try file.finish()
  }
}
