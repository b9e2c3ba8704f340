import StableDiffusion
import Testing

@testable import DreamBooth

@Suite("Crop geometry")
struct CropGeometryTests {
  /// Original size, target size, expected size after scaling, expected top and left.
  struct Case: Sendable {
    let original: (Int, Int)
    let target: (Int, Int)
    let resized: (Int, Int)
    let crop: (top: Int, left: Int)
  }

  /// The first six are the documented examples at 1024; the others were calculated with exact
  /// fractions in Python: scale = max(tw/w, th/h), floor(side * scale + 1/2), floor(excess / 2).
  static let cases = [
    Case(original: (1920, 1080), target: (1344, 768), resized: (1365, 768), crop: (0, 10)),
    Case(original: (3000, 2000), target: (1216, 832), resized: (1248, 832), crop: (0, 16)),
    Case(original: (1080, 1350), target: (896, 1152), resized: (922, 1152), crop: (0, 13)),
    Case(original: (4000, 3000), target: (1152, 896), resized: (1195, 896), crop: (0, 21)),
    Case(original: (1050, 1080), target: (1024, 1024), resized: (1024, 1053), crop: (14, 0)),
    Case(original: (3000, 4500), target: (832, 1216), resized: (832, 1248), crop: (16, 0)),
    Case(original: (780, 780), target: (1024, 1024), resized: (1024, 1024), crop: (0, 0)),
    Case(original: (507, 904), target: (896, 1152), resized: (896, 1598), crop: (223, 0)),
    Case(original: (943, 4714), target: (896, 1152), resized: (896, 4479), crop: (1663, 0)),
    Case(original: (5366, 5339), target: (64, 64), resized: (64, 64), crop: (0, 0)),
    Case(original: (4205, 3654), target: (512, 512), resized: (589, 512), crop: (0, 38)),
    Case(original: (1710, 1046), target: (512, 512), resized: (837, 512), crop: (0, 162)),
    Case(original: (1373, 1538), target: (1024, 1024), resized: (1024, 1147), crop: (61, 0)),
    Case(original: (3006, 2368), target: (1024, 1024), resized: (1300, 1024), crop: (0, 138)),
    Case(original: (3178, 5227), target: (64, 64), resized: (64, 105), crop: (20, 0)),
  ]

  @Test("scaled size and crop offset are those of an exact calculation", arguments: cases)
  func geometry(_ expected: Case) {
    let geometry = CropGeometry(
      originalWidth: expected.original.0, originalHeight: expected.original.1,
      targetWidth: expected.target.0, targetHeight: expected.target.1)
    #expect((geometry.resizedWidth, geometry.resizedHeight) == expected.resized)
    #expect((geometry.cropTop, geometry.cropLeft) == expected.crop)
    #expect(
      SizeConditioning(geometry).timeIds
        == [
          expected.original.1, expected.original.0, expected.crop.top, expected.crop.left,
          expected.target.1, expected.target.0,
        ].map { Float($0) })
  }

  @Test("the crop never leaves the scaled image, whatever the sizes")
  func coverage() {
    for width in [1, 7, 63, 64, 65, 1000, 6001] {
      for height in [1, 7, 63, 64, 65, 1000, 6001] {
        let geometry = CropGeometry(
          originalWidth: width, originalHeight: height, targetWidth: 64, targetHeight: 96)
        #expect(geometry.cropLeft >= 0 && geometry.cropTop >= 0)
        #expect(geometry.cropLeft + 64 <= geometry.resizedWidth)
        #expect(geometry.cropTop + 96 <= geometry.resizedHeight)
        #expect(geometry.resizedWidth == 64 || geometry.resizedHeight == 96)
      }
    }
  }

  @Test("the scale says how much an image is enlarged")
  func scale() {
    let small = CropGeometry(
      originalWidth: 512, originalHeight: 768, targetWidth: 1024, targetHeight: 1024)
    #expect(small.scale == 2)
    let large = CropGeometry(
      originalWidth: 4096, originalHeight: 2048, targetWidth: 1024, targetHeight: 1024)
    #expect(large.scale == 0.5)
  }
}

@Suite("Random draws and data order")
struct SampleOrderTests {
  @Test("draws are these numbers for ever, calculated independently in Python")
  func values() {
    #expect(
      CounterRandom.value(seed: 0, step: 0, sample: 0, purpose: .order) == 0xd1c0_2706_8798_4b37)
    #expect(
      CounterRandom.value(seed: 42, step: 0, sample: 0, purpose: .noise) == 0x68fe_a42e_ee61_becd)
    #expect(
      CounterRandom.value(seed: 42, step: 499, sample: 3, purpose: .timestep)
        == 0xefea_7c3f_a4cf_c5ec)
    #expect(
      CounterRandom.value(seed: .max, step: 10_000_000, sample: 7, purpose: .adapter)
        == 0xdff9_a286_82c7_f0b9)
    #expect(
      CounterRandom.value(seed: 42, step: 0, sample: 3, purpose: .classImage)
        == 0x13f2_e5f8_addb_fb49)
    #expect(
      CounterRandom.value(seed: 42, step: 5, sample: 2, purpose: .classOrder)
        == 0xabbf_a970_6adc_7b31)
    #expect(
      CounterRandom.value(seed: 42, step: 7, sample: 1, purpose: .heldOutNoise)
        == 0x58d0_7cea_63cc_00c4)
    // A class image's: they count down from -1.
    #expect(
      CounterRandom.value(seed: 42, step: 499, sample: -1, purpose: .noise)
        == 0x40f2_e7a6_5ada_f9c8)
  }

  @Test("no two of 60,000 neighbouring draws agree, not even in their low 32 bits beyond chance")
  func distinct() {
    var values: Set<UInt64> = []
    var lowBits: Set<UInt32> = []
    for step in 0..<5000 {
      for sample in 0..<4 {
        for purpose in [CounterRandom.Purpose.noise, .timestep, .latent] {
          let value = CounterRandom.value(seed: 1, step: step, sample: sample, purpose: purpose)
          values.insert(value)
          lowBits.insert(UInt32(truncatingIfNeeded: value))
        }
      }
    }
    #expect(values.count == 60_000)
    // 60,000^2 / 2^33 = 0.4 collisions are expected of perfect random numbers.
    #expect(lowBits.count >= 59_995)
  }

  @Test(
    "indices are uniform: chi-squared of 100,000 draws from 0 ..< 10 is below its 99.99 % point")
  func uniform() {
    var counts = Array(repeating: 0, count: 10)
    for step in 0..<100_000 {
      counts[CounterRandom.index(below: 10, seed: 9, step: step, sample: 0, purpose: .timestep)] +=
        1
    }
    let chiSquared = counts.reduce(0.0) {
      $0 + (Double($1) - 10_000) * (Double($1) - 10_000) / 10_000
    }
    #expect(chiSquared < 33.7)
  }

  @Test("the first epochs are these permutations, calculated independently in Python")
  func permutations() {
    let order = SampleOrder(count: 5, batchSize: 1, gradientAccumulation: 1, seed: 42)
    #expect(
      (0..<4).map(order.permutation(epoch:)) == [
        [4, 0, 2, 3, 1], [4, 2, 1, 3, 0], [4, 1, 3, 0, 2], [2, 0, 1, 4, 3],
      ])
  }

  @Test(
    "batches cut the sequence of epochs into equal pieces and lose nothing",
    arguments: [(1, 1), (2, 1), (2, 3), (4, 2), (7, 1), (16, 1)])
  func batches(batchSize: Int, accumulation: Int) {
    let order = SampleOrder(
      count: 5, batchSize: batchSize, gradientAccumulation: accumulation, seed: 42)
    var seen: [Int] = []
    for step in 0..<30 {
      for micro in 0..<accumulation { seen += order.indices(step: step, micro: micro) }
    }
    let whole = (0..<seen.count / 5 + 1).flatMap(order.permutation(epoch:))
    #expect(seen == Array(whole.prefix(30 * accumulation * batchSize)))
  }

  @Test("another seed gives another order, one image is always the same one")
  func seeds() {
    let one = SampleOrder(count: 30, batchSize: 30, gradientAccumulation: 1, seed: 1)
    let two = SampleOrder(count: 30, batchSize: 30, gradientAccumulation: 1, seed: 2)
    #expect(one.indices(step: 0, micro: 0) != two.indices(step: 0, micro: 0))
    #expect(one.indices(step: 0, micro: 0) != one.indices(step: 1, micro: 0))
    let single = SampleOrder(count: 1, batchSize: 3, gradientAccumulation: 1, seed: 1)
    #expect(single.indices(step: 8, micro: 0) == [0, 0, 0])
  }
}
