import Files
public import Foundation
public import Torch

/// Writes safetensors files with the layout of the reference implementation.
public enum SafetensorsWriter {
  /// Writes tensors of different names and free text to a new file, and syncs it to the disk. If
  /// that fails, no file is left. The same content gives the same bytes. Throws
  /// `FileAccessError.unwritable`, `TorchError`.
  ///
  /// - Parameter hashKey: the key in the metadata that gets the SHA-256 of the tensors' bytes.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:],
    hashKey: String? = nil, to url: URL
  ) throws {
    let layout = tensors.enumerated().map {
      SafetensorsEntry(index: $0, name: $1.name, dtype: $1.tensor.dtype, shape: $1.tensor.shape)
    }.inFileOrder
    let metadata = try metadata.adding(hashKey) { hash in
      for entry in layout { hash.update(try tensors[entry.index].tensor.bytes()) }
    }
    let file = try NewFile(url)
    try file.append(layout.head(metadata))
    for entry in layout { try file.append(tensors[entry.index].tensor.bytes()) }
    try file.finish()
  }

  /// Writes tensors that are made one after the other, so that memory holds one at a time. Otherwise
  /// as ``write(_:metadata:to:)``. Throws also what `make` and `written` throw.
  ///
  /// - Parameter written: called after each tensor with its size in bytes.
  package static func write(
    _ tensors: [PendingTensor], metadata: [String: String], to url: URL,
    written: (_ bytes: Int) throws -> Void
  ) throws {
    let layout = tensors.enumerated().map {
      SafetensorsEntry(index: $0, name: $1.name, dtype: $1.dtype, shape: $1.shape)
    }.inFileOrder
    let file = try NewFile(url)
    try file.append(layout.head(metadata))
    for entry in layout {
      let tensor = try tensors[entry.index].make()
      precondition(
        tensor.shape == entry.shape && tensor.dtype == entry.dtype,
        "the header already states the tensor's shape and type")
      try file.append(tensor.bytes())
      tensors[entry.index].release()
      try written(entry.size)
    }
    try file.finish()
  }
}

/// A tensor of a file that is made when it is written.
package struct PendingTensor {
  package let name: String
  package let dtype: DType
  package let shape: [Int]
  let make: () throws -> Tensor
  let release: () -> Void

  /// - Parameters:
  ///   - make: returns the tensor.
  ///   - release: called when the tensor is written, to let the memory behind it go.
  package init(
    name: String, dtype: DType, shape: [Int], make: @escaping () throws -> Tensor,
    release: @escaping () -> Void = {}
  ) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.make = make
    self.release = release
  }

  /// The size in bytes.
  package var size: Int { shape.reduce(dtype.itemSize, *) }
}

/// One tensor of a file.
struct SafetensorsEntry: Sendable {
  /// The position in the list of tensors to write.
  let index: Int
  let name: String
  let dtype: DType
  let shape: [Int]

  var size: Int { shape.reduce(dtype.itemSize, *) }
}

extension [SafetensorsEntry] {
  /// Wider types first, so that every tensor is aligned; then by name.
  var inFileOrder: [SafetensorsEntry] {
    sorted { ($1.dtype.itemSize, $0.name) < ($0.dtype.itemSize, $1.name) }
  }

  /// The bytes before the tensors: the length of the header, and the header.
  func head(_ metadata: [String: String]) throws -> Data {
    var offset = 0
    var header: [String: Any] = [:]
    if !metadata.isEmpty { header["__metadata__"] = metadata }
    for entry in self {
      let end = offset + entry.size
      header[entry.name] = [
        "dtype": entry.dtype.safetensorsName, "shape": entry.shape, "data_offsets": [offset, end],
      ]
      offset = end
    }
    var json = try JSONSerialization.data(
      withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
    json.append(contentsOf: [UInt8](repeating: UInt8(ascii: " "), count: -json.count & 7))
    return Swift.withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json
  }
}

extension [String: String] {
  /// The metadata with the SHA-256 of the tensors' bytes under a key.
  func adding(
    _ hashKey: String?, hashing: (inout RunningHash) throws -> Void
  ) rethrows -> [String: String] {
    guard let hashKey else { return self }
    var hash = RunningHash()
    try hashing(&hash)
    return merging([hashKey: hash.value]) { $1 }
  }
}
