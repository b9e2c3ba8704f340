import CLIPVocabulary
import Files
import Foundation

/// Everything in a model's folder but the weights: `model_index.json`, the configurations and the
/// tokenizers.
struct ModelDescription {
  private let files: [(path: String, content: Data)]

  /// The files of a model's own folder; for a single file without one those of SDXL, with the sizes
  /// of the file. Throws `FileAccessError`.
  init(_ model: ModelDirectory) throws {
    files = try model.configurations.map(Self.files) ?? Self.described(model)
  }

  /// Writes the files into a folder, synced. Throws `FileAccessError`.
  func write(to folder: URL) throws {
    for (path, content) in files {
      let file = folder.appending(path: path)
      try DurableFile.makeFolder(file.deletingLastPathComponent())
      try DurableFile.write(content, to: file)
    }
  }

  private static func files(in folder: URL) throws -> [(path: String, content: Data)] {
    let index = ModelDirectory.indexFile(in: folder)
    var places = [(path: index.lastPathComponent, file: index)]
    do {
      for part in ModelDirectory.Component.allCases {
        let place = folder.appending(path: part.rawValue)
        guard DurableFile.exists(place) else { continue }
        places += try FileManager.default.contentsOfDirectory(atPath: place.path).filter(isText).map
        {
          ("\(part.rawValue)/\($0)", place.appending(path: $0))
        }
      }
      return try places.sorted { $0.path < $1.path }.map {
        ($0.path, try Data(contentsOf: $0.file))
      }
    } catch {
      throw FileAccessError.unreadable(file: folder.relativePath, reason: error.reason)
    }
  }

  /// Configurations and vocabularies, but no index of a model's weights, which are written anew.
  private static func isText(_ name: String) -> Bool {
    (name.hasSuffix(".json") || name.hasSuffix(".txt")) && !name.contains(".index.")
  }

  private static func described(_ model: ModelDirectory) throws -> [(path: String, content: Data)] {
    var parts: [(String, [String: Any])] = [
      ("model_index.json", index(of: model)),
      ("unet/config.json", model.unet.fields),
      ("vae/config.json", model.vae.fields),
      ("text_encoder_2/config.json", model.textEncoder2.fields(hasProjection: true)),
      ("scheduler/scheduler_config.json", model.scheduler.fields),
      ("tokenizer_2/tokenizer_config.json", tokenizer(padding: "!")),
    ]
    var tokenizers = ["tokenizer_2"]
    if let textEncoder = model.textEncoder {
      parts.append(("text_encoder/config.json", textEncoder.fields(hasProjection: false)))
      parts.append(("tokenizer/tokenizer_config.json", tokenizer(padding: "<|endoftext|>")))
      tokenizers.append("tokenizer")
    }
    let merges = Data(UnsafeBufferPointer(start: clip_merges(), count: clip_merges_size()))
    let vocabulary = try json(TokenizerFolder.Model.builtIn().vocabulary)
    var files: [(path: String, content: Data)] = try parts.map { ($0, try json($1)) }
    for folder in tokenizers {
      files += [("\(folder)/merges.txt", merges), ("\(folder)/vocab.json", vocabulary)]
    }
    return files
  }

  private static func json(_ object: [String: Any]) throws -> Data {
    try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
  }

  private static func index(of model: ModelDirectory) -> [String: Any] {
    let isBase = model.role == .base
    let none: [Any] = [NSNull(), NSNull()]
    let textEncoder: [Any] = isBase ? ["transformers", "CLIPTextModel"] : none
    let tokenizer: [Any] = isBase ? ["transformers", "CLIPTokenizer"] : none
    return [
      "_class_name": isBase ? "StableDiffusionXLPipeline" : "StableDiffusionXLImg2ImgPipeline",
      "_diffusers_version": "0.19.0.dev0",
      "force_zeros_for_empty_prompt": model.forceZerosForEmptyPrompt,
      "requires_aesthetics_score": model.requiresAestheticsScore,
      "scheduler": ["diffusers", model.scheduler.className],
      "text_encoder": textEncoder,
      "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
      "tokenizer": tokenizer,
      "tokenizer_2": ["transformers", "CLIPTokenizer"],
      "unet": ["diffusers", "UNet2DConditionModel"],
      "vae": ["diffusers", "AutoencoderKL"],
    ]
  }

  private static func tokenizer(padding: String) -> [String: Any] {
    [
      "add_prefix_space": false, "bos_token": "<|startoftext|>", "do_lower_case": true,
      "eos_token": "<|endoftext|>", "errors": "replace", "model_max_length": 77,
      "pad_token": padding, "tokenizer_class": "CLIPTokenizer", "unk_token": "<|endoftext|>",
    ]
  }
}
