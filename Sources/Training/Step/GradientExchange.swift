import Ranks
import Torch

/// The sum of gradients and losses over all ranks, in one buffer and one exchange for each step.
///
/// The exchange begins after the backward pass. Exchanging parts of the buffer during it would hide some time
/// only on networks of 10 Gb/s and less (Benchmarks/ranks.md).
final class GradientExchange {
  /// What the ranks tell each other beside gradients and losses.
  private enum Vote: Int, CaseIterable {
    case stop
    case outOfMemory
  }

  private let ranks: RankGroup
  /// Whether this rank was asked to stop.
  private let wantsStop: () -> Bool
  private var buffer: Buffer?
  /// Whether all ranks stop after this step, since one was asked to.
  private(set) var isStopAgreed = false

  /// The memory of an exchange: the gradients one after the other, then numbers.
  private struct Buffer {
    /// float32 `[N]`.
    let all: Tensor
    /// A view for each gradient, in its shape.
    let gradients: [Tensor]
    /// `[K]`.
    let numbers: Tensor
  }

  init(_ ranks: RankGroup, wantsStop: @escaping () -> Bool) {
    self.ranks = ranks
    self.wantsStop = wantsStop
  }

  /// Replaces gradients by their sums over all ranks, in place.
  ///
  /// - Parameters:
  ///   - parameters: The trained tensors. Those without a gradient stay without one.
  ///   - losses: This rank's part of the losses, float32 `[K]`, the same number on all ranks. One that is not
  ///     finite keeps all ranks from applying the step.
  /// - Returns: The sums of the losses, and the votes for ``finish(_:)``, `[2]`.
  func sum(
    gradientsOf parameters: [Tensor], losses: Tensor, outOfMemory: Bool = false
  ) throws -> (losses: Tensor, votes: Tensor) {
    let votes = Vote.allCases.map { vote -> Float in
      switch vote {
      case .stop: wantsStop() ? 1 : 0
      case .outOfMemory: outOfMemory ? 1 : 0
      }
    }
    let numbers = try Tensor.cat(
      [losses, Tensor(votes, shape: [votes.count]).to(losses.device)], dim: 0)
    let buffer = try buffer(for: parameters, numbers: numbers)
    let gradients = try parameters.map { try $0.grad }
    var (views, present) = ([buffer.numbers], [numbers])
    for (view, gradient) in zip(buffer.gradients, gradients) {
      guard let gradient else {
        try view.setZero()
        continue
      }
      views.append(view)
      present.append(gradient)
    }
    try Tensor.copyEach(to: views, from: present)
    try ranks.sum(buffer.all)
    try Tensor.copyEach(to: Array(present.dropFirst()), from: Array(views.dropFirst()))
    let count = losses.shape[0]
    let sums = try buffer.numbers.clone()
    return (
      try sums.narrow(dim: 0, start: 0, length: count),
      try sums.narrow(dim: 0, start: count, length: votes.count)
    )
  }

  /// Reads the votes. Throws a lack of memory of another rank.
  func finish(_ votes: ArraySlice<Double>) throws(TorchError) {
    let votes = Array(votes)
    if votes[Vote.stop.rawValue] > 0 { isStopAgreed = true }
    if votes[Vote.outOfMemory.rawValue] > 0 {
      throw TorchError("another rank has no memory for the step", isOutOfMemory: true)
    }
  }

  /// The number of votes.
  static var voteCount: Int { Vote.allCases.count }

  private func buffer(for parameters: [Tensor], numbers: Tensor) throws -> Buffer {
    if let buffer, buffer.numbers.shape == numbers.shape { return buffer }
    let count = parameters.reduce(0) { $0 + $1.count }
    let all = try Tensor.zeros([count + numbers.count], device: numbers.device)
    var start = 0
    let views = try parameters.map { parameter in
      defer { start += parameter.count }
      return try all.narrow(dim: 0, start: start, length: parameter.count)
        .reshape(parameter.shape)
    }
    let made = Buffer(
      all: all, gradients: views,
      numbers: try all.narrow(dim: 0, start: count, length: numbers.count))
    buffer = made
    return made
  }
}
