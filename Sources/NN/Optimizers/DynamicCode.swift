import Foundation
import Torch

/// The 256 numbers of bitsandbytes' dynamic 8-bit type (Dettmers 2015, "8-Bit Approximations for Parallelism
/// in Deep Learning", section 2.1; `create_dynamic_map`). The exponent takes more bits for smaller numbers, and
/// the fraction fewer.
struct DynamicCode {
  /// The size of a block of numbers that share a scale.
  static let block = 256

  /// The numbers, ascending, float32 `[256]`.
  let numbers: Tensor
  private let boundaries: Tensor

  /// - Parameter isSigned: whether the type has negative numbers.
  init(isSigned: Bool, device: Device) throws {
    let exponents = 7
    var numbers: [Float] = [0, 1]
    for exponent in 0..<exponents {
      let parts = 1 << (isSigned ? exponent : exponent + 1)
      let scale = Float(pow(10, Double(exponent - exponents + 1)))
      let edges = (0...parts).map { 0.1 + 0.9 * Float($0) / Float(parts) }
      for (low, high) in zip(edges, edges.dropFirst()) {
        let middle = scale * ((low + high) / 2)
        numbers += isSigned ? [middle, -middle] : [middle]
      }
    }
    numbers.sort()
    let middles = zip(numbers, numbers.dropFirst()).map { ($0 + $1) / 2 }
    self.numbers = try Tensor(numbers, shape: [numbers.count]).to(device)
    boundaries = try Tensor(middles, shape: [middles.count]).to(device)
  }

  /// The numbers `[blocks, 256]` of codes and of the scales `[blocks, 1]`.
  func decode(_ codes: Tensor, scales: Tensor) throws -> Tensor {
    try numbers.indexSelect(dim: 0, codes.flatten().to(.int32)).reshape(codes.shape) * scales
  }

  /// The scale of each block and the nearest code of each number.
  func encode(_ values: Tensor) throws -> (codes: Tensor, scales: Tensor) {
    let scales = try values.maxAbsOfLast().unsqueeze(-1)  // [blocks, 1]
    let factors = try Tensor.ones([1], device: scales.device) / scales.clamp(min: 1e-38)
    let relative = try (values * factors).clamp(min: -1, max: 1)
    return (try relative.bucketize(boundaries), scales)
  }
}
