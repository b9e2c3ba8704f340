import Datasets
import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Noise and timesteps of samples")
struct SampleNoiseTests {
  private let latents: Tensor

  init() throws { latents = try Generator(seed: 1).normal([1, 4, 8, 8]) + 0.5 }

  private func noise(
    step: Int = 3, sample: Int = 2, _ change: (inout ObjectiveOptions) -> Void = { _ in }
  ) throws -> (target: [Float], input: [Float]?) {
    var options = ObjectiveOptions()
    change(&options)
    let noise = try SampleNoise(options, seed: 42)(on: latents, step: step, sample: sample)
    return (try noise.target.floats(), try noise.input?.floats())
  }

  @Test("without options it is the plain noise of the sample")
  func plain() throws {
    let seed = CounterRandom.value(seed: 42, step: 3, sample: 2, purpose: .noise)
    let expected = try Generator(seed: seed).normal([1, 4, 8, 8]).floats()
    let noise = try noise()
    #expect(noise.target == expected && noise.input == nil)
  }

  @Test("every form changes the noise by numbers of the sample alone, the same each time")
  func forms() throws {
    let forms: [(inout ObjectiveOptions) -> Void] = [
      { $0.noiseOffset = 0.1 },
      {
        $0.noiseOffset = 0.1
        $0.noiseOffsetRandomStrength = true
      },
      {
        $0.noiseOffset = 0.1
        $0.adaptiveNoiseScale = 0.2
      },
      { $0.multiresNoiseIterations = 6 },
      { $0.inputPerturbation = 0.1 },
      {
        $0.inputPerturbation = 0.1
        $0.perturbationRandomStrength = true
      },
    ]
    let plain = try noise().target
    var found: Set<[Float]> = [plain]
    for form in forms {
      let first = try noise(form)
      let again = try noise(form)
      #expect(first.target == again.target && first.input == again.input)
      found.insert(first.input ?? first.target)
      #expect((first.input == nil) == (first.target != plain))
      for (step, sample) in [(4, 2), (3, 1), (3, -1)] {
        found.insert(try noise(step: step, sample: sample, form).target)
      }
    }
    // Of the two perturbations, the noise to predict is the plain one of three other samples.
    #expect(found.count == 1 + 4 * 4 + 2 + 3)
  }

  @Test("a shift is one number for each channel, and multi-resolution noise has a deviation of 1")
  func statistics() throws {
    let (plain, shifted) = (try noise().target, try noise { $0.noiseOffset = 0.5 }.target)
    for channel in 0..<4 {
      let shifts = (0..<64).map { shifted[64 * channel + $0] - plain[64 * channel + $0] }
      #expect(try #require(shifts.max()) - #require(shifts.min()) <= 1e-6)
    }
    let coarse = try noise { $0.multiresNoiseIterations = 8 }.target
    let mean = coarse.reduce(0, +) / Float(coarse.count)
    let variance =
      coarse.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Float(coarse.count - 1)
    #expect(abs(variance - 1) <= 1e-5)
  }

  @Test("timesteps stay in their range, of which each is drawn")
  func range() throws {
    for distribution in TimestepDistribution.allCases {
      var options = ObjectiveOptions()
      options.timestepDistribution = distribution
      (options.minTimestep, options.maxTimestep) = (990, 1000)
      let sampler = TimestepSampler(options, count: 1000)
      let drawn = try (0..<500).map { try sampler.timestep(seed: 1, step: $0, sample: 0) }
      #expect(Set(drawn) == Set(990..<1000), "\(distribution)")
      let again = try (0..<500).map { try sampler.timestep(seed: 1, step: $0, sample: 0) }
      #expect(drawn == again)
    }
    let all = TimestepSampler(ObjectiveOptions(), count: 1000)
    let expected = CounterRandom.index(below: 1000, seed: 7, step: 5, sample: 1, purpose: .timestep)
    #expect(try all.timestep(seed: 7, step: 5, sample: 1) == expected)
  }
}
