import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// The pipeline's memory, and the pictures of a drawing that ends early.
@Suite struct PipelineTests {
  @Test("A picture of a batch equals that of its seed drawn alone, byte for byte")
  func batch() throws {
    var series = try DrawingGolden("split-08").series()
    series.steps = 3
    series.refinement = .ensemble(split: 0.5)
    series.seeds = Array(7..<25)  // More than `largestGroup`.
    let pictures = try draw(pipeline(), series)
    #expect(pictures.count == series.seeds.count)
    #expect(Set(pictures.values.map(\.pixels)).count == series.seeds.count)
    for seed in [7, 12, 24] as [UInt64] {
      series.seeds = [seed]
      #expect(try draw(pipeline(), series)[seed] == pictures[seed])
    }
  }

  @Test("One part of the models is in memory at a time, unless everything is kept")
  func residency() throws {
    let series = try DrawingGolden("split-08").series()
    let frugal = try pipeline()
    var parts: Set<Int> = []
    try frugal.draw(
      series, progress: { _ in parts.insert(frugal.partsInMemory) },
      receive: { _, _ in parts.insert(frugal.partsInMemory) })
    #expect(parts == [1])
    #expect(frugal.partsInMemory == 0)
    let resident = try pipeline(.everything)
    #expect(resident.partsInMemory == 0)
    _ = try draw(resident, series)
    #expect(resident.partsInMemory == 5)
  }

  @Test("A pipeline that keeps everything draws the next prompt without the files")
  func secondPrompt() throws {
    let folder = try TemporaryDirectory()
    let copies = try [DrawingGolden.base, DrawingGolden.refiner].map { model in
      let copy = folder.url.appending(path: model.lastPathComponent)
      try FileManager.default.copyItem(at: model.resolvingSymlinksInPath(), to: copy)
      return copy
    }
    let resident = StableDiffusionXLPipeline(
      try ModelDirectory(copies[0]), refiner: try ModelDirectory(copies[1], as: .refiner),
      residency: .everything)
    var series = try DrawingGolden("split-08").series()
    _ = try draw(resident, series)
    for copy in copies { try FileManager.default.removeItem(at: copy) }
    series.prompt = "two cats"
    #expect(try draw(resident, series) == draw(pipeline(), series))
  }

  @Test("Finished latents are decoded and received before a drawing ends early")
  func interrupted() throws {
    struct Stopped: Error {}
    var series = try DrawingGolden("square-50").series()
    series.seeds = [1, 2, 3]
    let pipeline = StableDiffusionXLPipeline(try ModelDirectory(DrawingGolden.base))
    var seeds: [UInt64] = []
    #expect(throws: Stopped.self) {
      try pipeline.draw(
        series, progress: { if $0.seed == 3 { throw Stopped() } },
        receive: { seed, _ in seeds.append(seed) })
    }
    #expect(seeds == [1, 2])
  }

  @Test("A strength or a split that leaves no step, and a start image of another size, are refused")
  func refusals() throws {
    var series = try DrawingGolden("split-image").series()
    series.refinement = .ensemble(split: 0.9999)
    #expect(throws: DrawingError.noSteps(option: "split", value: 0.9999, steps: 10)) {
      _ = try draw(pipeline(), series)
    }
    series.refinement = .over(strength: 0.05)
    #expect(throws: DrawingError.noSteps(option: "strength", value: 0.05, steps: 10)) {
      _ = try draw(pipeline(), series)
    }
    series.width = 72
    #expect(throws: DrawingError.startSize(found: [64, 64], wanted: [72, 64])) {
      _ = try draw(pipeline(), series)
    }
  }

  @Test("A VAE that overflows decodes again in float32, with one note")
  func overflow() throws {
    let model = try ModelDirectory(DrawingGolden.base)
    let half = AutoencoderKL(model.vae)
    try half.load(from: TinyModel.weights("vae"), dtype: .float16)
    let latents = try Generator(seed: 1).normal([1, 4, 8, 8]) * 4e4
    #expect(throws: DrawingError.pictureNotFinite(dtype: .float16)) {
      try LatentDecoder(vae: half).pictures(of: latents)
    }
    var notes: [DrawingNote] = []
    let decoder = LatentDecoder(
      vae: half, inFloat32: { try model.loadVAE() }, note: { notes.append($0) })
    let expected = try LatentDecoder(vae: model.loadVAE()).pictures(of: latents)
    #expect(try decoder.pictures(of: latents) == expected)
    #expect(try decoder.pictures(of: latents) == expected)
    #expect(notes == [.decodedInFloat32(insteadOf: .float16)])
  }

  @Test("A large picture is decoded in squares with a note, unless tiling is off")
  func tiling() throws {
    let model = try ModelDirectory(DrawingGolden.base)
    let latents = try Generator(seed: 1).normal([1, 4, 33, 32])
    func pictures(_ tiling: VAETiling) throws -> (pictures: [Picture], notes: [DrawingNote]) {
      var notes: [DrawingNote] = []
      let decoder = LatentDecoder(
        vae: try model.loadVAE(), tiling: tiling, note: { notes.append($0) })
      return (try decoder.pictures(of: latents), notes)
    }
    let automatic = try pictures(.automatic)
    #expect(automatic.notes == [.tiled(width: 256, height: 264)])
    let tiled = try pictures(.always)
    #expect(tiled.pictures == automatic.pictures)
    #expect(tiled.notes.isEmpty)
    let whole = try pictures(.never)
    #expect(whole.pictures != tiled.pictures)
    #expect(whole.notes.isEmpty)
  }

  private func pipeline(_ residency: Residency = .oneAtATime) throws -> StableDiffusionXLPipeline {
    StableDiffusionXLPipeline(
      try ModelDirectory(DrawingGolden.base),
      refiner: try ModelDirectory(DrawingGolden.refiner, as: .refiner), residency: residency)
  }

  private func draw(
    _ pipeline: StableDiffusionXLPipeline, _ series: PictureSeries
  ) throws -> [UInt64: Picture] {
    var pictures: [UInt64: Picture] = [:]
    try pipeline.draw(series) { pictures[$0] = $1 }
    return pictures
  }
}
