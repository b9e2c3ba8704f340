import StableDiffusion
import Testing

/// Which files of a repository are downloaded, by their names alone.
@Suite("Files of a model")
struct ModelFilesTests {
  private static let configurations = [
    "model_index.json", "scheduler/scheduler_config.json", "text_encoder/config.json",
    "text_encoder_2/config.json", "unet/config.json", "vae/config.json",
  ]
  private static let vocabularies = [
    "tokenizer/merges.txt", "tokenizer/tokenizer_config.json", "tokenizer/vocab.json",
    "tokenizer_2/tokenizer.json",
  ]
  private static let weights = [
    "text_encoder/model.safetensors", "text_encoder_2/model.safetensors",
    "unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors",
  ]
  private static let model = configurations + vocabularies + weights

  private func chosen(_ names: [String], variant: String? = nil) throws -> Set<String> {
    Set(try ModelFiles(among: names, of: "The folder", variant: variant).paths)
  }

  @Test("Files that are not read are left out, pickled weights first of all")
  func onlyNeeded() throws {
    let others = [
      "README.md", "sd_xl_base_1.0.safetensors", "unet/diffusion_pytorch_model.bin",
      "unet/model.onnx", "vae_1_0/diffusion_pytorch_model.safetensors", "text_encoder/README.md",
      "text_encoder/flax_model.msgpack", "text_encoder/pytorch_model.bin", "tokenizer/extra.txt",
      "unet/diffusion_pytorch_model.fp16.safetensors", "unet/other.safetensors",
    ]
    #expect(try chosen(Self.model + others) == Set(Self.model))
    let files = try ModelFiles(among: Self.model, of: "The folder", variant: nil)
    #expect(files.kind == .base)
    #expect(Set(files.descriptions) == Set(Self.configurations + Self.vocabularies))
  }

  @Test("Half precision is taken where it is wanted or the only one, by part")
  func variants() throws {
    let half = "unet/diffusion_pytorch_model.fp16.safetensors"
    let full = "unet/diffusion_pytorch_model.safetensors"
    let both = Self.model + [half]
    #expect(try chosen(both).contains(full) && !chosen(both).contains(half))
    let wanted = try chosen(both, variant: "fp16")
    #expect(wanted.contains(half) && !wanted.contains(full))
    #expect(wanted.contains("vae/diffusion_pytorch_model.safetensors"))
    #expect(try chosen(both.filter { $0 != full }).contains(half))
    #expect(throws: ModelFilesError.noVariant(place: "The folder", variant: "fp16")) {
      try chosen(Self.model, variant: "fp16")
    }
    #expect(throws: ModelFilesError.otherVariant(variant: "bf16")) {
      try chosen(both, variant: "bf16")
    }
  }

  @Test("Weights in shards come with their index, and without those of the other precision")
  func shards() throws {
    let rest = Self.model.filter { $0 != "unet/diffusion_pytorch_model.safetensors" }
    let name = "unet/diffusion_pytorch_model"
    let full = [
      "\(name).safetensors.index.json", "\(name)-00001-of-00002.safetensors",
      "\(name)-00002-of-00002.safetensors",
    ]
    let half = [
      "\(name).safetensors.index.fp16.json", "\(name).fp16-00001-of-00001.safetensors",
    ]
    let all = rest + full + half + ["\(name)-old.safetensors"]
    #expect(try chosen(all) == Set(rest + full))
    #expect(try chosen(all, variant: "fp16") == Set(rest + half))
    #expect(throws: ModelFilesError.self) { try chosen(rest + [full[0]]) }
  }

  @Test("A refiner lacks the first text encoder, and a VAE is its own folder")
  func kinds() throws {
    let refiner = Self.model.filter {
      !$0.hasPrefix("text_encoder/") && !$0.hasPrefix("tokenizer/")
    }
    #expect(try ModelFiles(among: refiner, of: "The folder", variant: nil).kind == .refiner)
    #expect(try chosen(refiner) == Set(refiner))
    let vae = ["config.json", "diffusion_pytorch_model.safetensors", "sdxl_vae.safetensors"]
    #expect(try ModelFiles(among: vae, of: "The folder", variant: nil).kind == .vae)
    #expect(try chosen(vae) == Set(vae.prefix(2)))
  }

  @Test("What is missing is named")
  func missing() throws {
    #expect(throws: ModelFilesError.noModel(place: "The folder")) {
      try chosen(["sd_xl_base_1.0.safetensors"])
    }
    for name in Self.configurations.dropFirst() {
      #expect(throws: ModelFilesError.missing(place: "The folder", file: name), "\(name)") {
        try chosen(Self.model.filter { $0 != name })
      }
    }
    #expect(throws: ModelFilesError.missing(place: "The folder", file: "tokenizer/vocab.json")) {
      try chosen(Self.model.filter { $0 != "tokenizer/vocab.json" })
    }
    let weights = "vae/diffusion_pytorch_model.safetensors"
    let pickled = "vae/diffusion_pytorch_model.bin"
    #expect(
      throws: ModelFilesError.noWeights(place: "The folder", file: weights, pickled: [pickled])
    ) { try chosen(Self.model.filter { $0 != weights } + [pickled, "README.md"]) }
  }
}
