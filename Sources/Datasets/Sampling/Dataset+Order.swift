import Files
import Images

extension Dataset {
  /// The problems of the order in which a configuration trains on these images: batches that are
  /// not full, and too few steps for all images.
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
          "the images of size \(listing(list)) do not fill batches of \(config.batchSize); the last "
            + "batch of these sizes in an epoch is shorter"))
    }
    let order = SampleOrder(of: images, config, buckets: buckets)
    let passes = config.steps * config.gradientAccumulation
    if passes < order.passesPerEpoch {
      problems.append(
        DatasetProblem(
          [],
          "\(config.steps) steps do not reach every image: an epoch has \(order.passesPerEpoch) "
            + "forward passes, the run \(passes)"))
    }
    return problems
  }
}
