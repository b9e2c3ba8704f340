/// Which images a forward pass sees, as a pure function of its place in the run.
///
/// Every epoch is a new permutation of the dataset; a batch that reaches the end of one goes on in
/// the next, so every image is seen equally often and no batch is short.
public struct SampleOrder: Sendable, Equatable {
  /// Images in the dataset.
  public let count: Int
  /// Images in one forward pass.
  public let batchSize: Int
  /// Forward passes in one optimizer step.
  public let gradientAccumulation: Int
  /// The run's seed.
  public let seed: UInt64
  /// What the draws are for: several datasets of one run have orders of their own.
  public let purpose: CounterRandom.Purpose

  /// The order over `count` images (above 0).
  public init(
    count: Int, batchSize: Int, gradientAccumulation: Int, seed: UInt64,
    purpose: CounterRandom.Purpose = .order
  ) {
    self.count = count
    self.batchSize = batchSize
    self.gradientAccumulation = gradientAccumulation
    self.seed = seed
    self.purpose = purpose
  }

  /// The images of a forward pass: number `micro` of optimizer step `step`, both from 0.
  public func indices(step: Int, micro: Int) -> [Int] {
    let first = (step * gradientAccumulation + micro) * batchSize
    let epochs = first / count...(first + batchSize - 1) / count
    let images = epochs.flatMap(permutation(epoch:))
    return Array(images[(first % count)...].prefix(batchSize))
  }

  /// The order of an epoch (from 0), by the Fisher-Yates shuffle.
  public func permutation(epoch: Int) -> [Int] {
    var images = Array(0..<count)
    for last in images.indices.dropFirst().reversed() {
      images.swapAt(
        last,
        CounterRandom.index(
          below: last + 1, seed: seed, step: epoch, sample: last, purpose: purpose))
    }
    return images
  }
}
