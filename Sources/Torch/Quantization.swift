import CTorch

/// The formats of 8-bit weights.
public enum QuantizedFormat: String, Sendable, CaseIterable {
  /// Whole numbers from -127 to 127.
  case int8
  /// Numbers of four bits for the exponent and three for the fraction (Micikevicius et al. 2022, "FP8
  /// Formats for Deep Learning").
  case fp8
}

/// A weight in 8 bits. Each block of a row has a scale, so that large numbers in one do not make the
/// others coarse (Dettmers et al. 2022, "8-bit Optimizers via Block-wise Quantization").
public struct QuantizedTensor {
  /// The most numbers with one scale.
  private static let block = 128

  private let values: Tensor
  private let scales: Tensor

  /// Rounds a weight. Throws `TorchError`.
  ///
  /// - Parameter dtype: the type of ``tensor()``, and of the scales.
  public init(_ weight: Tensor, _ format: QuantizedFormat, dtype: DType) throws(TorchError) {
    let shape = weight.shape
    let row = shape.dropFirst().reduce(1, *)
    let block =
      [Self.block, Self.block / 2, Self.block / 4].first { row.isMultiple(of: $0) } ?? row
    var (values, scales): (OpaquePointer?, OpaquePointer?)
    try check(
      ct_quantize(weight.handle, format == .fp8, dtype.ctype, Int64(block), &values, &scales))
    self.values = try Tensor(adopting: values)
    self.scales = try Tensor(adopting: scales)
  }

  /// The type of ``tensor()``.
  public var dtype: DType { scales.dtype }
  /// The device of the weight.
  public var device: Device { scales.device }
  /// The bytes that it takes.
  public var byteCount: Int { values.count + scales.count * scales.dtype.itemSize }

  /// The weight, rounded. Throws `TorchError`.
  public func tensor() throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_dequantize(values.handle, scales.handle))
  }
}
