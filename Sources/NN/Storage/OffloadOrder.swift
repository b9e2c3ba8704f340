import Torch

/// The order in which passes use offloaded weights. It is learnt from the passes so far, and lets the
/// next weights come while the device computes with the present one.
final class OffloadOrder {
  /// The bytes of weights that may be under way: about two transformer blocks of SDXL in bfloat16.
  private static let ahead = 128 << 20

  private var weights: [any OffloadedWeight] = []
  /// For each weight the one that was used after it, in passes without a graph and with one. In gradient
  /// checkpointing these are the forward passes and the second runs of the blocks, last block first.
  private var next: [[Int: Int]] = [[:], [:]]
  private var last: Int?

  /// Adds a weight and gives it its number.
  func add(_ weight: any OffloadedWeight) -> Int {
    weights.append(weight)
    return weights.count - 1
  }

  /// The values of a weight. Throws `WeightsError`, `TorchError`.
  func tensor(_ index: Int) throws -> Tensor {
    let pass = isGradEnabled ? 1 : 0
    if let last, last != index { next[pass][last] = index }
    last = index
    let tensor = try weights[index].tensor()
    var (following, bytes) = (index, 0)
    // At most each weight once: what was learnt may run in a circle.
    for _ in weights {
      guard let after = next[pass][following], after != index else { break }
      bytes += weights[after].byteCount
      guard bytes <= Self.ahead else { break }
      do {
        try weights[after].prefetch()
      } catch let error as TorchError where error.isOutOfMemory {
        // There may be memory when the weight is used.
        break
      }
      following = after
    }
    return tensor
  }
}

/// An offloaded weight in its order.
struct OrderedWeight: StoredWeight {
  let dtype: DType
  let device: Device
  let isOnDevice = false

  private let order: OffloadOrder
  private let index: Int

  init(_ weight: any OffloadedWeight, in order: OffloadOrder) {
    self.order = order
    (dtype, device) = (weight.dtype, weight.device)
    index = order.add(weight)
  }

  func tensor() throws -> Tensor { try order.tensor(index) }
}
