import Files
import Images

extension Dataset {
  /// What the user should know of the order in which a configuration trains on these pictures: batches
  /// that their buckets do not fill, and pictures that so few steps do not reach.
  package func orderProblems(_ config: DatasetOptions, buckets: AspectBuckets) -> [DatasetProblem] {
    let sizes = images.map { buckets.bucket(for: $0.size, upscale: config.upscale) }
    var problems: [DatasetProblem] = []
    var counts: [(bucket: String, count: Int)] = []
    for (size, image) in zip(sizes, images) {
      let place = counts.firstIndex { $0.bucket == size.description } ?? counts.endIndex
      if place == counts.endIndex { counts.append((size.description, 0)) }
      counts[place].count += image.repeats
    }
    let unfilled = counts.filter { !$0.count.isMultiple(of: config.batchSize) }
    if !unfilled.isEmpty {
      let list = unfilled.map { "\($0.bucket) (\($0.count))" }
      problems.append(
        DatasetProblem(
          [],
          "the pictures of \(listing(list)) do not fill batches of \(config.batchSize); the last "
            + "batch of an epoch is shorter there"))
    }
    let order = SampleOrder(
      buckets: sizes, repeats: images.map(\.repeats), batchSize: config.batchSize,
      gradientAccumulation: config.gradientAccumulation, seed: config.seed)
    let passes = config.steps * config.gradientAccumulation
    if passes < order.passesPerEpoch {
      problems.append(
        DatasetProblem(
          [],
          "\(config.steps) steps do not reach every picture: an epoch has \(order.passesPerEpoch) "
            + "forward passes, the run \(passes)"))
    }
    return problems
  }
}
