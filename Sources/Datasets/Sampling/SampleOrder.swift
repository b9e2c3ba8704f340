public import Images

/// Which images a forward pass sees, as a pure function of its place in the run.
///
/// Every epoch is a new permutation of the dataset, cut into batches of one bucket each: an image
/// joins its bucket's batch until that is full, and batches run in the order of their first images.
/// What remains of a bucket at the end of an epoch is a shorter batch, so nothing is left out.
public struct SampleOrder: Sendable, Equatable {
  /// Forward passes in an epoch.
  public let passesPerEpoch: Int
  /// Optimizer steps in an epoch; the last one may be of the next, too.
  public var stepsPerEpoch: Int {
    (passesPerEpoch + gradientAccumulation - 1) / gradientAccumulation
  }

  /// The images of an epoch in the order of the dataset, with their repeats.
  private let entries: [Int]
  /// The bucket of each image, as a number below `bucketCount`.
  private let buckets: [Int]
  private let bucketCount: Int
  private let batchSize: Int
  private let gradientAccumulation: Int
  private let seed: UInt64
  private let purpose: CounterRandom.Purpose

  /// The order of a dataset.
  ///
  /// - Parameters:
  ///   - buckets: The size in which training sees each image.
  ///   - repeats: How often an epoch has each image (above 0), once if nil.
  ///   - batchSize: Images in one forward pass, at most.
  ///   - gradientAccumulation: Forward passes in one optimizer step.
  ///   - seed: The run's seed.
  ///   - purpose: What the draws are for. Several datasets of one run have different orders.
  public init(
    buckets: [PixelSize], repeats: [Int]? = nil, batchSize: Int, gradientAccumulation: Int,
    seed: UInt64, purpose: CounterRandom.Purpose = .order
  ) {
    var numbers: [PixelSize: Int] = [:]
    self.buckets = buckets.map { bucket in
      let number = numbers[bucket, default: numbers.count]
      numbers[bucket] = number
      return number
    }
    bucketCount = numbers.count
    entries = buckets.indices.flatMap { image in
      repeatElement(image, count: repeats?[image] ?? 1)
    }
    self.batchSize = batchSize
    self.gradientAccumulation = gradientAccumulation
    self.seed = seed
    self.purpose = purpose
    var counts = Array(repeating: 0, count: bucketCount)
    for image in entries { counts[self.buckets[image]] += 1 }
    passesPerEpoch = counts.reduce(0) { $0 + ($1 + batchSize - 1) / batchSize }
  }

  /// The epoch (from 0) of a forward pass, number `micro` of optimizer step `step`, both from 0,
  /// and the numbers of the images that it sees.
  public func pass(step: Int, micro: Int) -> (epoch: Int, images: [Int]) {
    let (epoch, place) = (step * gradientAccumulation + micro)
      .quotientAndRemainder(dividingBy: passesPerEpoch)
    // Each bucket's latest batch. If it is full, the next image of the bucket begins a new one.
    var latest = Array(repeating: (batch: -1, count: batchSize), count: bucketCount)
    var batches = 0
    var images: [Int] = []
    for image in permutation(epoch: epoch) {
      let bucket = buckets[image]
      if latest[bucket].count == batchSize {
        latest[bucket] = (batches, 0)
        batches += 1
      }
      latest[bucket].count += 1
      if latest[bucket].batch == place { images.append(image) }
    }
    return (epoch, images)
  }

  /// The images of an epoch, by the Fisher-Yates shuffle.
  private func permutation(epoch: Int) -> [Int] {
    var images = entries
    for last in images.indices.dropFirst().reversed() {
      images.swapAt(
        last,
        CounterRandom.index(
          below: last + 1, seed: seed, step: epoch, sample: last, purpose: purpose))
    }
    return images
  }
}
