import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Opening complete and broken model folders.
@Suite struct ModelDirectoryTests {
  private static let tiny = Repository.golden.appending(path: "tiny-sdxl")

  @Test("The sizes of a model come from its files")
  func open() throws {
    let model = try ModelDirectory(Self.tiny)
    #expect(model.unet.blockOutChannels == [16, 24, 32])
    #expect(model.vae.scale == 8)
    #expect(model.textEncoder?.hiddenAct == .quickGELU)
    #expect(model.textEncoder2.projectionDim == 32)
    #expect(model.scheduler.timestepSpacing == .leading)
    #expect(model.forceZerosForEmptyPrompt)
  }

  @Test("The two tokenizers pad differently")
  func tokenizers() throws {
    let model = try ModelDirectory(Self.tiny)
    #expect(try model.loadTokenizer().encode("").chunks[0].last == 1013)
    #expect(try model.loadTokenizer2().encode("").chunks[0].last == 0)
  }

  @Test("Without files in full precision, the fp16 variant is read")
  func variant() throws {
    let copy = try Copy(of: Self.tiny)
    for (folder, name) in [
      ("unet", "diffusion_pytorch_model"), ("text_encoder", "model"),
    ] {
      try copy.move(
        "\(folder)/\(name).safetensors", to: "\(folder)/\(name).fp16.safetensors")
    }
    let unet = try ModelDirectory(copy.url).loadUNet()
    let original = try ModelDirectory(Self.tiny).loadUNet()
    #expect(try bytes(unet) == bytes(original))
    #expect(try ModelDirectory(copy.url).loadTextEncoder().parameters().count == 52)
  }

  @Test("Weights in shards are read as one, also of the fp16 variant and of a text encoder")
  func shards() throws {
    for (folder, name, variant) in [
      ("text_encoder_2", "model", ""), ("unet", "diffusion_pytorch_model", ".fp16"),
    ] {
      let copy = try Copy(of: Self.tiny)
      let whole = copy.url.appending(path: "\(folder)/\(name).safetensors")
      let file = try SafetensorsFile(contentsOf: whole)
      var shards: [[(name: String, tensor: Tensor)]] = [[], []]
      var map: [String: String] = [:]
      for (number, key) in file.names.enumerated() {
        map[key] = "\(name)\(variant)-0000\(number % 2 + 1)-of-00002.safetensors"
        shards[number % 2].append((key, try file.tensor(key).clone()))
      }
      try copy.remove("\(folder)/\(name).safetensors")
      for (number, shard) in shards.enumerated() {
        try SafetensorsWriter.write(
          shard,
          to: copy.url.appending(
            path: "\(folder)/\(name)\(variant)-0000\(number + 1)-of-00002.safetensors"))
      }
      try JSONEncoder().encode(["weight_map": map]).write(
        to: copy.url.appending(path: "\(folder)/\(name).safetensors.index\(variant).json"))
      let model = try ModelDirectory(copy.url)
      let original = try ModelDirectory(Self.tiny)
      if folder == "unet" {
        #expect(try bytes(model.loadUNet()) == bytes(original.loadUNet()))
      } else {
        #expect(try bytes(model.loadTextEncoder2()) == bytes(original.loadTextEncoder2()))
      }
    }
  }

  @Test("A text encoder loads with and without the prefix, and with the buffer of old files")
  func textEncoderKeys() throws {
    let file = "text_encoder/model.safetensors"
    let original = try SafetensorsFile(contentsOf: Self.tiny.appending(path: file))
    let copy = try Copy(of: Self.tiny)
    let bare = try original.names.map {
      (name: String($0.dropFirst("text_model.".count)), tensor: try original.tensor($0))
    }
    let ids = try Tensor.arange(end: 77, dtype: .int64).unsqueeze(0)
    try SafetensorsWriter.write(
      bare + [(name: "embeddings.position_ids", tensor: ids)], to: copy.url.appending(path: file))
    let encoder = try ModelDirectory(copy.url).loadTextEncoder()
    #expect(try bytes(encoder) == bytes(ModelDirectory(Self.tiny).loadTextEncoder()))
  }

  @Test("A VAE that overflows in float16 is loaded in float32")
  func upcast() throws {
    let model = try ModelDirectory(Self.tiny)
    func types(_ dtype: DType) throws -> Set<DType> {
      Set(try model.loadVAE(dtype: dtype).parameters().map { try $0.parameter.tensor.dtype })
    }
    #expect(try types(.float16) == [.float32])
    #expect(try types(.bfloat16) == [.bfloat16])
  }

  @Test("A missing file is named", arguments: ["model_index.json", "unet/config.json"])
  func missing(_ file: String) throws {
    let copy = try Copy(of: Self.tiny)
    try copy.remove(file)
    #expect(try problem(copy).contains("\(file) does not exist; choose"))
  }

  /// A file, the text in it to replace, the replacement, and a part of the error's message.
  static let broken = [
    (
      "model_index.json", "CLIPTextModelWithProjection", "CLIPVisionModel",
      "text_encoder_2 is CLIPVisionModel and not CLIPTextModelWithProjection"
    ),
    ("model_index.json", "\"vae\"", "\"other\"", "it names no vae"),
    ("unet/config.json", "{", "", "it is not JSON"),
    (
      "unet/config.json", "\"cross_attention_dim\": 64", "\"cross_attention_dim\": 2048",
      "cross_attention_dim is 2048, but the rest of the model needs 64"
    ),
    ("unet/config.json", "\"in_channels\": 4", "\"in_channels\": 9", "in_channels is 9"),
    ("unet/config.json", "\"text_time\"", "null", "addition_embed_type is null"),
    (
      "text_encoder/config.json", "quick_gelu", "relu",
      "hidden_act is relu, but must be one of quick_gelu, gelu"
    ),
    (
      "text_encoder_2/config.json", "\"num_attention_heads\": 5", "\"num_attention_heads\": 7",
      "num_attention_heads is 7, but must be a divisor of hidden_size, 40"
    ),
    (
      "unet/config.json", "_input_dim\": 80", "_input_dim\": 2816",
      "projection_class_embeddings_input_dim is 2816, but the rest of the model needs 80"
    ),
    (
      "text_encoder_2/config.json", "\"vocab_size\": 1014", "\"vocab_size\": \"many\"",
      "vocab_size is not of type Int"
    ),
    (
      "scheduler/scheduler_config.json", "\"epsilon\"", "\"flow\"",
      "prediction_type is flow, but must be one of epsilon, v_prediction, sample"
    ),
    (
      "scheduler/scheduler_config.json", "\"use_karras_sigmas\": false",
      "\"use_beta_sigmas\": true", "use_beta_sigmas is true, but must be false"
    ),
    (
      "scheduler/scheduler_config.json", "\"interpolation_type\": \"linear\"",
      "\"interpolation_type\": \"log_linear\"", "interpolation_type is log_linear"
    ),
    (
      "scheduler/scheduler_config.json", "\"clip_sample\": false", "\"solver_order\": 4",
      "solver_order is 4, but must be a number from 1 to 3"
    ),
    (
      "scheduler/scheduler_config.json", "\"clip_sample\": false", "\"thresholding\": true",
      "thresholding is true, but must be false"
    ),
    (
      "scheduler/scheduler_config.json", "\"clip_sample\": false",
      "\"algorithm_type\": \"dpmsolver\"",
      "algorithm_type is dpmsolver, but must be one of dpmsolver++, sde-dpmsolver++, deis"
    ),
  ]

  /// A folder, a key of its configuration, the value to replace, the replacement, and a part of the
  /// error's message. To multiply these numbers, or to build a model of them, would crash or hang.
  static let hostile = [
    ("unet", "sample_size", "16", "4611686018427387904", "a number from 1 to 1000000"),
    ("unet", "addition_time_embed_dim", "8", "4611686018427387904", "a number from 1 to 1000000"),
    ("unet", "projection_class_embeddings_input_dim", "80", "-9223372036854775808", "from 1 to"),
    ("unet", "time_embedding_dim", "null", "0", "a number from 1 to 1000000"),
    ("unet", "layers_per_block", "2", "1000000", "a number from 1 to 100, once or for each of"),
    ("unet", "downsample_padding", "1", "4611686018427387904", "a number from 0 to 1"),
    ("unet", "norm_num_groups", "8", "0", "a number from 1 to 1000000"),
    ("vae", "layers_per_block", "2", "9223372036854775807", "a number from 1 to 100"),
    ("vae", "latent_channels", "4", "9223372036854775807", "a number from 1 to 1000000"),
    ("text_encoder", "hidden_size", "24", "9223372036854775807", "a number from 1 to 1000000"),
    ("text_encoder", "num_hidden_layers", "3", "1000000000", "a number from 1 to 100"),
    ("scheduler", "num_train_timesteps", "1000", "1000000000000", "a number from 2 to 100000"),
    ("scheduler", "steps_offset", "1", "9223372036854775807", "a number from 0 to 1000"),
  ]

  @Test("Numbers beyond any model's are refused before they are used", arguments: hostile)
  func outOfRange(
    _ folder: String, _ key: String, _ old: String, _ new: String, _ supported: String
  ) throws {
    let file = folder == "scheduler" ? "scheduler/scheduler_config.json" : "\(folder)/config.json"
    let copy = try Copy(of: Self.tiny)
    try copy.edit(file, replacing: "\"\(key)\": \(old)", with: "\"\(key)\": \(new)")
    let problem = try problem(copy)
    #expect(problem.contains("\(file): \(key) is "), "\(problem)")
    #expect(problem.contains(supported), "\(problem)")
  }

  @Test("The infinite number in diffusers' files for DPM-Solver is read")
  func infinity() throws {
    let copy = try Copy(of: Self.tiny)
    try copy.edit(
      "scheduler/scheduler_config.json", replacing: "\"clip_sample\": false",
      with: "\"lambda_min_clipped\": -Infinity, \"solver_order\": 3")
    let scheduler = try ModelDirectory(copy.url).scheduler
    #expect(scheduler.lambdaMinClipped == -.infinity)
    #expect(scheduler.solverOrder == 3)
  }

  @Test("A VAE or UNet with too many levels is refused", arguments: ["unet", "vae"])
  func levels(_ folder: String) throws {
    let copy = try Copy(of: Self.tiny)
    let many = Array(repeating: "8", count: 70).joined(separator: ", ")
    try copy.edit(
      "\(folder)/config.json", replacing: "\"block_out_channels\": [",
      with: "\"block_out_channels\": [\(many),")
    #expect(try problem(copy).contains("must be 1 to 10 levels, each a number from"))
  }

  @Test("Errors keep the relative path of the model's folder")
  func relativePath() throws {
    let folder = URL(filePath: "no such model")
    let error = #expect(throws: ModelError.self) { try ModelDirectory(folder) }
    #expect(error.map { "\($0)" }?.hasPrefix("no such model/model_index.json does not ex") == true)
  }

  @Test("A folder with an index is a model")
  func isModel() {
    #expect(ModelDirectory.isModel(at: Self.tiny))
    #expect(!ModelDirectory.isModel(at: Self.tiny.appending(path: "unet")))
  }

  @Test("A file that cannot be used is named, with the key and the value found", arguments: broken)
  func invalid(_ file: String, _ old: String, _ new: String, _ sentence: String) throws {
    let copy = try Copy(of: Self.tiny)
    try copy.edit(file, replacing: old, with: new)
    let problem = try problem(copy)
    #expect(problem.contains("\(file): "), "\(problem)")
    #expect(problem.contains(sentence), "\(problem)")
  }

  @Test("Missing and truncated weights are found when the folder is opened")
  func missingWeights() throws {
    let copy = try Copy(of: Self.tiny)
    try copy.truncate("vae/diffusion_pytorch_model.safetensors", to: 1000)
    let truncated = #expect(throws: WeightsError.self) { try ModelDirectory(copy.url) }
    #expect(truncated.map { "\($0)" }?.contains("vae/diffusion_pytorch_model.safetensors") == true)
    try copy.remove("vae/diffusion_pytorch_model.safetensors")
    let missing = #expect(throws: WeightsError.self) { try ModelDirectory(copy.url) }
    #expect(missing.map { "\($0)" }?.contains("no diffusion_pytorch_model.safetensors") == true)
  }

  @Test("Weights that do not fit the configuration throw an error with file and tensors")
  func misshapen() throws {
    let copy = try Copy(of: Self.tiny)
    try copy.edit(
      "text_encoder/config.json", replacing: "\"intermediate_size\": 96",
      with: "\"intermediate_size\": 64")
    let model = try ModelDirectory(copy.url)
    let error = #expect(throws: WeightsError.self) { try model.loadTextEncoder() }
    let sentence = error.map { "\($0)" } ?? ""
    #expect(sentence.contains("text_encoder/model.safetensors"))
    #expect(sentence.contains("text_model.encoder.layers.0.mlp.fc1.weight: [96, 24]"))
  }

  private func problem(_ copy: Copy) throws -> String {
    let error = #expect(throws: ModelError.self) { try ModelDirectory(copy.url) }
    return error.map { "\($0)" } ?? ""
  }

  private func bytes(_ module: any Module) throws -> [[UInt8]] {
    try module.parameters().map { try $0.parameter.tensor.bytes() }
  }
}

/// A copy of a model folder, for changes.
private struct Copy {
  let url: URL
  private let parent: TemporaryDirectory

  init(of directory: URL) throws {
    parent = try TemporaryDirectory()
    url = parent.url.appending(path: "model")
    try FileManager.default.copyItem(at: directory.resolvingSymlinksInPath(), to: url)
  }

  func remove(_ file: String) throws {
    try FileManager.default.removeItem(at: url.appending(path: file))
  }

  func move(_ file: String, to other: String) throws {
    try FileManager.default.moveItem(
      at: url.appending(path: file), to: url.appending(path: other))
  }

  func truncate(_ file: String, to size: UInt64) throws {
    let handle = try FileHandle(forWritingTo: url.appending(path: file))
    try handle.truncate(atOffset: size)
    try handle.close()
  }

  func edit(_ file: String, replacing old: String, with new: String) throws {
    let path = url.appending(path: file)
    let text = try String(contentsOf: path, encoding: .utf8)
    let range = try #require(text.range(of: old), "\(file) has no \(old)")
    try text.replacingCharacters(in: range, with: new)
      .write(to: path, atomically: true, encoding: .utf8)
  }
}
