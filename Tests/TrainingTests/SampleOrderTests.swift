import Images
import Testing

@testable import Datasets

@Suite("SampleOrder: the order of the images")
struct SampleOrderTests {
  private static let square = PixelSize(width: 1024, height: 1024)
  private static let wide = PixelSize(width: 1216, height: 832)
  private static let tall = PixelSize(width: 832, height: 1216)

  private func order(
    _ buckets: [PixelSize], repeats: [Int]? = nil, batchSize: Int = 1, accumulation: Int = 1,
    seed: UInt64 = 42, purpose: CounterRandom.Purpose = .order
  ) -> SampleOrder {
    SampleOrder(
      buckets: buckets, repeats: repeats, batchSize: batchSize,
      gradientAccumulation: accumulation, seed: seed, purpose: purpose)
  }

  private func squares(_ count: Int) -> [PixelSize] { Array(repeating: Self.square, count: count) }

  @Test("the first epochs have fixed permutations, calculated independently in Python")
  func permutations() {
    let order = order(squares(5))
    #expect(order.passesPerEpoch == 5)
    #expect(
      (0..<20).map { order.pass(step: $0, micro: 0).images }
        == [
          4, 0, 2, 3, 1, 4, 2, 1, 3, 0, 4, 1, 3, 0, 2, 2, 0, 1, 4, 3,
        ].map { [$0] })
  }

  @Test("the batches of three buckets are fixed, calculated independently in Python")
  func buckets() {
    let buckets = [0, 1, 0, 1, 2, 0, 1, 1].map { [Self.wide, Self.tall, Self.square][$0] }
    let order = order(buckets, repeats: [1, 1, 2, 1, 1, 1, 3, 1], batchSize: 2)
    #expect(order.passesPerEpoch == 6)
    #expect(
      (0..<12).map { order.pass(step: $0, micro: 0).images } == [
        [6, 6], [2, 2], [4], [7, 6], [3, 1], [5, 0],
        [3, 7], [6, 1], [2, 0], [4], [6, 6], [5, 2],
      ])
    #expect(
      (0..<12).map { order.pass(step: $0, micro: 0).epoch }
        == [0, 1].flatMap { epoch in
          Array(repeating: epoch, count: 6)
        })
  }

  @Test(
    "an epoch has each image as often as its repeats, in the fewest batches of one bucket",
    arguments: [1, 2, 3, 4, 7, 100])
  func complete(batchSize: Int) {
    let buckets = (0..<23).map { [Self.square, Self.wide, Self.tall, Self.wide][$0 * $0 % 7 % 4] }
    let repeats = (0..<23).map { 1 + $0 % 4 }
    let order = order(buckets, repeats: repeats, batchSize: batchSize)
    var passes = 0
    for bucket in Set(buckets) {
      let count = zip(buckets, repeats).reduce(0) { $0 + ($1.0 == bucket ? $1.1 : 0) }
      passes += (count + batchSize - 1) / batchSize
    }
    #expect(order.passesPerEpoch == passes)
    for epoch in 0..<5 {
      var counts = Array(repeating: 0, count: 23)
      for place in 0..<passes {
        let pass = order.pass(step: epoch * passes + place, micro: 0)
        #expect(pass.epoch == epoch)
        #expect(Set(pass.images.map { buckets[$0] }).count == 1)
        #expect((1...batchSize).contains(pass.images.count))
        for image in pass.images { counts[image] += 1 }
      }
      #expect(counts == repeats)
    }
  }

  @Test("accumulated passes follow one another, within a step and from step to step")
  func accumulation() {
    let buckets = squares(3) + [Self.wide, Self.wide]
    let one = order(buckets, batchSize: 2)
    let three = order(buckets, batchSize: 2, accumulation: 3)
    for pass in 0..<60 {
      let expected = one.pass(step: pass, micro: 0)
      #expect(three.pass(step: pass / 3, micro: pass % 3) == expected)
    }
  }

  @Test("a pass is the same in every order of calls and from every instance")
  func pure() {
    let buckets = squares(10) + Array(repeating: Self.tall, count: 7)
    let first = order(buckets, batchSize: 4, accumulation: 2)
    let forwards = (0..<50).map { first.pass(step: $0, micro: 1).images }
    let second = order(buckets, batchSize: 4, accumulation: 2)
    let backwards = (0..<50).reversed().map { second.pass(step: $0, micro: 1).images }
    #expect(forwards == backwards.reversed())
    #expect(forwards == (0..<50).map { first.pass(step: $0, micro: 1).images })
  }

  @Test("another seed, epoch or purpose gives another order")
  func seeds() {
    func epoch(_ epoch: Int, seed: UInt64, purpose: CounterRandom.Purpose) -> [Int] {
      order(squares(30), batchSize: 30, seed: seed, purpose: purpose)
        .pass(step: epoch, micro: 0).images
    }
    let first = epoch(0, seed: 1, purpose: .order)
    #expect(first.sorted() == Array(0..<30))
    #expect(epoch(0, seed: 2, purpose: .order) != first)
    #expect(epoch(1, seed: 1, purpose: .order) != first)
    #expect(epoch(0, seed: 1, purpose: .classOrder) != first)
  }

  @Test("a single image is alone in its batches, or repeated in them")
  func single() {
    #expect(order(squares(1), batchSize: 3).pass(step: 8, micro: 0) == (8, [0]))
    let repeated = order(squares(1), repeats: [5], batchSize: 3)
    #expect((0..<4).map { repeated.pass(step: $0, micro: 0).images.count } == [3, 2, 3, 2])
  }

  @Test("5,000 images in 41 buckets: an epoch has each once")
  func large() {
    let sizes = AspectBuckets(resolution: 1024, step: 64).sizes
    let order = order((0..<5000).map { sizes[$0 % sizes.count] }, batchSize: 64)
    // 39 buckets of 122 images, 2 of 121: 2 batches each.
    #expect(order.passesPerEpoch == 82)
    let passes = (3 * 82..<4 * 82).map { order.pass(step: $0, micro: 0) }
    #expect(passes.allSatisfy { $0.epoch == 3 })
    #expect(passes.flatMap(\.images).sorted() == Array(0..<5000))
  }
}
