import Adapters
import Foundation
import Images
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Trained text encoders")
struct TextTrainingTests {
  /// The options of a fixture's training.
  struct Reference: Decodable {
    let rank: Int
    let alpha: Double
    let gradientAccumulation: Int
    let learningRate: Double
    let betas: [Double]
    let epsilon: Double
    let weightDecay: Double
    let maxGradNorm: Double
    let captions: [String]
    let encoders: [Int]
    let textRates: [Double]
    let targets: [String]?
    let stopAt: Int?
    let vectors: Int?
    let unet: Bool?
  }

  @Test(
    "five steps equal PyTorch's with transformers and peft: losses, norms and all adapters",
    arguments: [
      "both", "first", "second-accumulation", "both-stopped", "embedding", "pivotal",
    ],
    [
      (fused: true, extent: CheckpointingExtent?.none), (true, .blocks), (false, .none),
    ])
  func golden(name: String, form: (fused: Bool, extent: CheckpointingExtent?)) throws {
    let golden = try Golden("text-training/\(name)")
    let reference = try golden.config(as: Reference.self)
    let model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    let unet = try model.loadUNet()
    var config = TrainingConfig()
    config.gradientAccumulation = reference.gradientAccumulation
    config.optimization.maxGradientNorm = reference.maxGradNorm
    let settings = AdapterSettings(rank: reference.rank, alpha: reference.alpha)
    func attach(_ module: any Module, _ targets: [String]) throws -> [AdapterSite] {
      try module.attachAdapters(LoRA.self, targets: targets, settings: settings) { _ in
        try Generator(seed: 0)
      }
    }
    let sites = reference.unet == false ? [] : try attach(unet, config.adaptation.targets.patterns)
    let fusion = form.fused ? try unet.fuseAdapters() : nil
    unet.setGradientCheckpointing(form.extent)
    let initial = try Golden("training/initial-adapter")
    for (name, tensor) in sites.flatMap(\.tensors) {
      try tensor.copy(from: initial.tensor("unet.\(name)"))
    }
    try fusion?.refresh()
    // A new word has vectors in both encoders.
    let numbers = reference.vectors == nil ? reference.encoders : [1, 2]
    let encoders = try numbers.map { number in
      let module: any CLIPTextEncoder =
        number == 1 ? try model.loadTextEncoder() : try model.loadTextEncoder2()
      return TrainedEncoder(
        number == 1 ? .textEncoder : .textEncoder2, model: module,
        sites: reference.encoders.contains(number)
          ? try attach(module, reference.targets ?? config.text.textEncoderTargets) : [])
    }
    let word = try reference.vectors.map { _ in
      try TrainedWord(
        "zebra-toy",
        vectors: ["clip_l", "clip_g"].map { try golden.tensor("initial.\($0)") },
        of: encoders.map(\.model))
    }
    for (name, tensor) in encoders.flatMap(\.tensors) {
      try tensor.copy(from: golden.tensor("initial.\(name)"))
    }
    let base = try model.loadPromptEncoder()
    let prompts = reference.captions.map { TextPrompt.caption($0, maxTokens: 75) }
    func embedding(_ prompt: TextPrompt) throws -> PromptEmbedding {
      guard case .caption(let text, let maxTokens) = prompt else { return try base.encode([""]) }
      return try base.encode(text, maxTokens: maxTokens)
    }
    var tokenizer = try model.loadPromptTokenizer()
    if let count = reference.vectors {
      tokenizer = try model.tokenizer(tokenizer, adding: "zebra-toy", count: count)
    }
    let text = TextTraining(
      encoders, word: word, tokenizer: tokenizer, forcesZeros: true,
      stopAt: reference.stopAt ?? .max, base: embedding)

    func pass(_ step: Int, _ micro: Int) throws -> TrainingPass {
      func input(_ name: String) throws -> Tensor {
        try golden.tensor("in.\(name)").select(dim: 0, index: step).select(dim: 0, index: micro)
      }
      let captions = try input("captions").int64s().map { prompts[Int($0)] }
      let isTrained = text.isTrained(inStep: step)
      let embeddings = try captions.map { try isTrained ? embedding($0) : text.embedding($0) }
      var batch = TrainingBatch(
        latents: try input("latents"), noise: try input("noise"),
        timesteps: try input("timesteps").int64s().map { Int($0) },
        embeds: try .cat(embeddings.map(\.embeds), dim: 0),
        pooled: try .cat(embeddings.map(\.pooled), dim: 0),
        timeIds: try input("time_ids").to(.float32), files: captions.map(\.description))
      if isTrained { batch.texts = captions }
      return TrainingPass(batch)
    }
    let adapted = encoders.filter { !$0.sites.isEmpty }
    var groups = zip(adapted, reference.textRates).map { encoder, rate in
      ParameterGroup(encoder.part.rawValue, encoder.tensors, learningRate: rate)
    }
    if !sites.isEmpty {
      let trained = sites.flatMap(\.tensors)
      groups.insert(
        ParameterGroup("unet", trained, learningRate: reference.learningRate), at: 0)
    }
    if let word { groups.append(ParameterGroup("embedding", word.tensors, learningRate: 2e-3)) }
    let step = OptimizerStep(
      unet: unet, objective: Objective(schedule: NoiseSchedule(model.scheduler), minSNRGamma: nil),
      pass: pass,
      optimizer: try OptimizerKind.adamW.optimizer(
        of: groups,
        settings: OptimizerSettings(
          beta1: reference.betas[0], beta2: reference.betas[1], epsilon: reference.epsilon,
          weightDecay: reference.weightDecay)),
      schedule: LearningRateSchedule(.constant, warmupSteps: 0, steps: 5), config: config,
      scalesLoss: false, fusion: fusion, text: text)

    var scaler = LossScaler()
    let losses = try golden.tensor("out.losses").doubles()
    let norms = try golden.tensor("out.grad_norms").doubles()
    for index in losses.indices {
      let report = try step(index, scaler: &scaler, checkStop: {})
      #expect(abs(report.loss - losses[index]) <= 1e-5 * losses[index])
      #expect(abs(try #require(report.gradNorm) - norms[index]) <= 1e-5 * norms[index])
    }
    var compared = 0
    let trained =
      encoders.flatMap(\.tensors) + sites.flatMap(\.tensors).map { ("unet.\($0.name)", $0.tensor) }
      + (word?.tensors ?? []).map { (String($0.name.dropFirst("embedding.".count)), $0.tensor) }
    for (name, tensor) in trained where golden.has("final.\(name)") {
      let difference = try relativeDifference(tensor.detach(), golden.tensor("final.\(name)"))
      #expect(difference <= 1e-5, "\(name)")
      compared += 1
    }
    #expect(compared == golden.names.count { $0.hasPrefix("final.") } && compared > 1)
    // The last block of the first encoder does not decide its penultimate hidden states.
    for (name, tensor) in encoders.flatMap(\.tensors)
    where !name.hasPrefix("text_encoder.text_model.encoder.layers.2.") {
      #expect(try tensor.floats() != golden.tensor("initial.\(name)").floats(), "\(name)")
    }
  }

  /// A training of both encoders with every change of captions, class images and samples.
  static func config(_ change: (inout TrainingConfig) -> Void = { _ in }) -> TrainingConfig {
    TinyTraining.config { config in
      config.text.trainTextEncoders = .both
      config.text.textEncoderLearningRate = EncoderRates("5e-3,1e-2")
      change(&config)
    }
  }

  @Test("the adapters of all parts are in one file, in kohya's names, and draw the run's samples")
  func file() throws {
    let training = try TinyTraining()
    let config = Self.config {
      $0.sampleEvery = 6
      $0.sampleSeeds = [7]
    }
    let (_, events) = try training.train(run: 1, config)
    let sites = events.compactMap { event -> Int? in
      if case .ready(let sites, _) = event { sites } else { nil }
    }
    let checkpoint = try training.runFolder(1).checkpoint(step: 6)
    let file = try SafetensorsFile(contentsOf: checkpoint.adapter)
    let layers = Set(file.names.map { $0.split(separator: ".")[0] })
    #expect(sites == [layers.count])
    #expect(layers.contains("lora_te1_text_model_encoder_layers_0_self_attn_q_proj"))
    #expect(layers.contains("lora_te2_text_model_encoder_layers_1_self_attn_out_proj"))
    #expect(layers.contains { $0.hasPrefix("lora_unet_") })
    #expect(file.metadata["ss_text_encoder_lr"] == "[0.005, 0.01]")
    let rates = try #require(events.steps.last?.learningRates)
    #expect(rates == ["unet": 1e-2, "text_encoder": 5e-3, "text_encoder_2": 1e-2])

    // A drawing with the file is the sample.
    let model = try ModelDirectory(training.model)
    let adapters = try AdapterFile(contentsOf: checkpoint.adapter)
      .adapters(for: AdaptableLayers(model))
    let loaded = LoadedModel(model, adapters: AdapterSet(adapters))
    let encoder = try loaded.promptEncoder()
    let prompt = try encoder.encode(
      try training.setup(config).config.samplePrompts[0], maxTokens: 75)
    let latents = try loaded.sampler().latents(
      for: PictureRequest(
        prompt: prompt, negative: try encoder.encodeNegative(nil), width: 64, height: 64, steps: 2,
        guidance: 5, seed: 7))
    let picture = try loaded.decoder().pictures(of: latents)[0]
    let sample = training.runFolder(1).sampleFolder(step: 6)
      .appending(path: "prompt-1-seed-7.png")
    let drawn = try ImageDecoder.decode(contentsOf: sample).pixels
    let worst = zip(picture.pixels, drawn).map { abs(Int($0) - Int($1)) }.max() ?? 255
    #expect(worst <= 2 && drawn.count == picture.pixels.count)
  }

  @Test("without the option a training is bit for bit what it was, and a rate of 0 changes nothing")
  func off() throws {
    let training = try TinyTraining()
    try training.train(run: 1)
    try training.train(
      run: 2,
      Self.config {
        $0.text.textEncoderLearningRate = EncoderRates("0")
        $0.optimization.weightDecay = 0
        $0.optimization.maxGradientNorm = nil
      })
    try training.train(
      run: 3,
      TinyTraining.config {
        $0.optimization.weightDecay = 0
        $0.optimization.maxGradientNorm = nil
      })
    let files = try [1, 2, 3].map {
      try SafetensorsFile(contentsOf: training.runFolder($0).checkpoint(step: 6).adapter)
    }
    #expect(!files[0].names.contains { $0.hasPrefix("lora_te") })
    for name in files[2].names {
      let difference = try relativeDifference(files[1].tensor(name), files[2].tensor(name))
      #expect(difference < 1e-4, "\(name)")
    }
    for name in files[1].names where name.hasPrefix("lora_te") && name.contains("lora_up") {
      #expect(try files[1].tensor(name).abs().max().item() == 0, "\(name)")
    }
  }

  @Test(
    "training goes on from a file with adapters of the text encoders, and refuses it without them")
  func initial() throws {
    let training = try TinyTraining()
    try training.train(run: 1, Self.config())
    let file = try training.runFolder(1).checkpoint(step: 6).adapter
    let config = Self.config {
      $0.initLora = file.path
      $0.steps = 1
      $0.optimization.learningRate = 0
      $0.optimization.weightDecay = 0
      $0.text.textEncoderLearningRate = nil
    }
    try training.train(run: 2, config)
    let again = try SafetensorsFile(
      contentsOf: training.runFolder(2).checkpoint(step: 1).adapter)
    let first = try SafetensorsFile(contentsOf: file)
    #expect(again.names == first.names)
    for name in first.names {
      #expect(try again.tensor(name).floats() == first.tensor(name).floats(), "\(name)")
    }
    for choice in [nil, TextEncoderChoice.first] {
      let error = #expect(throws: InitialAdapterError.self) {
        try training.setup(
          Self.config {
            $0.initLora = file.path
            $0.text.trainTextEncoders = choice
            $0.text.textEncoderLearningRate = nil
          })
      }
      #expect(try #require(error).description.contains("train them with `train_text_encoders`"))
    }
  }

  @Test(
    "an encoder that is not trained is not loaded, and its hidden states are those of the caches")
  func frozenPart() throws {
    let training = try TinyTraining()
    for choice in [TextEncoderChoice.first, .second] {
      let setup = try training.setup(
        Self.config {
          $0.text.trainTextEncoders = choice
          $0.text.textEncoderLearningRate = nil
        })
      let data = try PreparedData(setup, checkStop: {}, report: { _ in })
      let text = try #require(try TextTraining(setup, data: data))
      #expect(text.encoders.map(\.index) == [choice == .first ? 0 : 1])
      let prompt = TextPrompt.caption("sks dog on the beach", maxTokens: 75)
      // New adapters change nothing yet.
      let (live, cached) = (try text.embedding(prompt), try data.texts.embedding(prompt))
      let (start, length) = choice == .first ? (24, 40) : (0, 24)
      let parts = try [live, cached].map {
        try $0.embeds.narrow(dim: 2, start: start, length: length).floats()
      }
      #expect(parts[0] == parts[1])
      #expect(try relativeDifference(live.embeds, cached.embeds) < 1e-6)
      #expect(try relativeDifference(live.pooled, cached.pooled) < 1e-6)
    }
  }

  @Test("trained text encoders count in the memory that is planned")
  func memory() throws {
    let training = try TinyTraining()
    let plain = try training.setup().memory
    let text = try training.setup(Self.config()).memory
    let rung = MemoryRung(nil)
    let (less, more) = (
      try #require(plain.estimate(of: rung)), try #require(text.estimate(of: rung))
    )
    #expect(more.steps > less.steps + 100_000 && more.samples >= less.samples)
    #expect(more.images == less.images + (text.process - plain.process))
  }
}
