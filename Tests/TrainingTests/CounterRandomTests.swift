import Testing

@testable import Datasets

@Suite("Random numbers")
struct CounterRandomTests {
  @Test("draws have fixed values, calculated independently in Python")
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
      CounterRandom.value(seed: 42, step: 7, sample: 1, purpose: .validationNoise)
        == 0x58d0_7cea_63cc_00c4)
    let later: [(CounterRandom.Purpose, sample: Int, UInt64)] = [
      (.crop, 9, 0xb47c_290b_9825_96e9), (.flip, 3, 0xd14d_2310_7f73_fba1),
      (.captionLine, 3, 0xbf39_d30e_6f4d_4a02), (.captionOrder, 3, 0xd84d_636a_0c4f_a714),
      (.captionDropout, 3, 0x729c_5745_65ba_1934),
    ]
    for (purpose, sample, value) in later {
      #expect(
        CounterRandom.value(seed: 42, step: 499, sample: sample, purpose: purpose) == value)
    }
    // Class images have negative numbers, from -1 down.
    #expect(
      CounterRandom.value(seed: 42, step: 499, sample: -1, purpose: .noise)
        == 0x40f2_e7a6_5ada_f9c8)
  }

  @Test("60,000 neighbouring draws are distinct, and their low 32 bits agree only by chance")
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
    // 60,000^2 / 2^33 = 0.4 collisions are expected for perfect random numbers.
    #expect(lowBits.count >= 59_995)
  }

  @Test(
    "indices are uniform: chi-squared of 100,000 numbers in 0 ..< 10 is below its 99.99 % point")
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
}
