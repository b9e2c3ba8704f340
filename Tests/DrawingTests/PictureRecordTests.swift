import Drawing
import Foundation
import StableDiffusion
import TestSupport
import Testing

/// The record of a picture, and the request made from it.
@Suite struct PictureRecordTests {
  /// A record of an earlier version.
  private static let json = """
    {"adapters":[{"name":"dog@500","path":"a.safetensors","scale":-0.25,"sha256":"03",\
    "tensors_sha256":"04"}],"device":"cpu","guidance":7.5,"guidance_rescale":0.7,"height":64,\
    "image":{"picture":{"path":"i.png","sha256":"05"},"strength":0.75},"libtorch":"0",\
    "long_prompts":true,"merged_adapters":true,"model":{"path":"m","sha256":"01"},"negative":"",\
    "negative_sizes":{"crop":[0,4],"original":[384,512],"target":[72,64]},"precision":"bf16",\
    "program":"0.1.0","prompt":"a \\"dog\\"","prompt_weights":true,"refiner":{"aesthetic_score":7.5,\
    "model":{"path":"r","sha256":"06"},"negative_aesthetic_score":1.25,"split":0.5},\
    "sampler":"dpm++-2m-karras","scheduler":"DPMSolverMultistepScheduler","seed":9,\
    "sizes":{"crop":[8,0],"original":[72,64],"target":[72,64]},"steps":4,"threads":1,\
    "vae":{"path":"v","sha256":"02"},"vae_tiling":"on","width":72}
    """

  private func record() throws -> PictureRecord {
    try JSONDecoder().decode(PictureRecord.self, from: Data(Self.json.utf8))
  }

  @Test("A record sets every option of its request, and the request gives the same record")
  func roundTrip() throws {
    let record = try record()
    #expect(try record.json() == Self.json)
    let options = record.request.options
    #expect(
      options.loras == [AdapterChoice(path: "a.safetensors", strength: -0.25, name: "dog@500")])
    #expect(options.imageStrength == 0.75 && options.negative == "" && options.split == 0.5)
    #expect(options.originalSize == nil && options.crop == CropOffset(top: 8, left: 0))

    let series = options.series(
      side: 1, image: StartImage(Picture(width: 72, height: 64, pixels: []), strength: 0.75))
    var sources = PictureSources(
      model: record.model, precision: .bf16, isOnGPU: false, program: record.program)
    sources.vae = record.vae
    sources.adapters = record.adapters
    sources.areAdaptersMerged = true
    sources.refiner = record.refiner?.model
    sources.image = record.image?.picture
    let model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    var again = PictureRecord(
      series, seed: options.seed,
      scheduler: model.scheduler.replacingClass(with: try #require(options.scheduler)),
      sampler: options.scheduler, sources: sources)
    (again.threads, again.libtorch) = (record.threads, record.libtorch)
    #expect(again == record)
  }

  @Test("Sizes that equal the picture's follow another width")
  func sizes() throws {
    var flags = DrawingRequest()
    flags.set(\.$width, to: 80)
    let series = flags.over(try record().request).options.series(side: 1)
    #expect(series.sizes?.targetWidth == 80 && series.sizes?.cropTop == 8)
  }

  @Test("Files with changed content are named, unless flags replace them")
  func contents() throws {
    let record = try record()
    var now = record
    now.model.sha256 = "x"
    now.adapters[0].sha256 = "y"
    let error = #expect(throws: PictureRecordError.self) {
      try record.checkContents(against: now, besides: DrawingRequest(), file: "a.png")
    }
    #expect("\(try #require(error))".contains("the model m has changed; the adapter a.saf"))
    var flags = DrawingRequest()
    flags.set(\.$model, to: "m")
    flags.set(\.$loras, to: [])
    try record.checkContents(against: now, besides: flags, file: "a.png")
  }

  @Test("The text of pictures in grids and caches is the one of earlier versions")
  func infotext() throws {
    var options = DrawingOptions()
    (options.prompt, options.negative, options.seed) = ("a, b", "x: y", 7)
    (options.steps, options.width, options.height) = (2, 64, 32)
    let text = Infotext(options, sampler: "Euler", model: "m, n", adapters: ["ab:1.0", "cd:0.5"])
      .text
    #expect(
      text == """
        a, b
        Negative prompt: x: y
        Steps: 2, Sampler: Euler, CFG scale: 5.0, Seed: 7, Size: 64x32, Model: m, n, \
        LoRA: ab:1.0 cd:0.5
        """)
    let request = try #require(Infotext(parsing: text)).request(besides: DrawingRequest()).request
    #expect(request.options.prompt == "a, b" && request.options.seed == 7)
    #expect(!request.gives(\.$longPrompts))
  }
}
