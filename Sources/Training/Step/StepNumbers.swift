import Torch

extension PassLoss {
  /// The loss and, with class images, its parts.
  fileprivate var numbers: [Tensor] {
    [total] + (parts.map { [$0.instance, $0.prior] } ?? [])
  }
}

/// The numbers of a step, read from the device in one transfer.
final class StepNumbers {
  /// All numbers, float32.
  let onDevice: Tensor
  /// The norm of the gradients.
  private(set) var norm = Double.nan
  /// For each pass the loss and, with class images, its parts.
  private var passes: [[Double]] = []
  /// What the ranks tell each other; empty for a process on its own.
  private(set) var votes: ArraySlice<Double> = []
  /// How many numbers each pass has.
  private let counts: [Int]

  /// The losses of passes, float32 `[K]`. Throws `TorchError`.
  static func losses(_ passes: [PassLoss]) throws -> Tensor {
    try Tensor.cat(passes.flatMap(\.numbers).map { try $0.reshape([1]) }, dim: 0)
  }

  /// Joins the numbers on the device. Throws `TorchError`.
  ///
  /// - Parameter losses: The losses of the passes, summed over all ranks.
  init(_ passes: [PassLoss], losses: Tensor, norm: Tensor, votes: Tensor?) throws {
    counts = passes.map(\.numbers.count)
    onDevice = try Tensor.cat(
      [losses, norm.reshape([1])] + (votes.map { [$0] } ?? []), dim: 0)
  }

  /// Waits for the device and reads the numbers. Throws `TorchError`.
  func read() throws {
    var rest = try onDevice.floats().map(Double.init)[...]
    passes = counts.map { count in
      defer { rest.removeFirst(count) }
      return Array(rest.prefix(count))
    }
    norm = rest.removeFirst()
    votes = rest
  }

  /// The first pass whose loss is not finite.
  var firstNotFinite: Int? { passes.firstIndex { !$0[0].isFinite } }

  /// The mean loss over the passes.
  var loss: Double { mean(0) ?? 0 }
  /// The mean loss of the subject's samples; nil without class images.
  var instanceLoss: Double? { mean(1) }
  /// The mean loss of the class images; nil without.
  var priorLoss: Double? { mean(2) }

  private func mean(_ index: Int) -> Double? {
    passes.allSatisfy { $0.count > index }
      ? passes.reduce(0) { $0 + $1[index] / Double(passes.count) } : nil
  }
}
