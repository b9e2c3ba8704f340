import Files
import Foundation
import NN

/// The page of an adapter, or of a new word's vectors, on the Hub: `README.md`, with YAML that the Hub reads before the text.
struct ModelCard {
  /// What diffusers is shown with if the base model is not known.
  private static let sdxl = "stabilityai/stable-diffusion-xl-base-1.0"

  /// The repository of the adapter.
  let repository: String
  let subject: String
  /// The word for the subject in prompts.
  let trigger: String
  /// A prompt with the trigger.
  let prompt: String
  /// The repository of the base model; nil if it is not known.
  let baseModel: String?
  /// An identifier of the Hub, such as `openrail++`.
  let license: String?
  /// The adapter's file in the repository; nil without.
  let adapter: String?
  /// The kind of the adapter.
  let method: AdapterMethod
  /// The file with the vectors of the trigger in the repository; nil without.
  let embedding: String?
  /// The picture of the sample grid in the repository.
  let samples: String?
  /// The prompts of the sample grid, one for each row.
  let samplePrompts: [String]
  /// Names and values of a table.
  let settings: [(name: String, value: String)]

  /// The whole file.
  var text: String {
    ([frontMatter, "# \(subject)", introduction] + [picture].compactMap { $0 } + [use, table])
      .joined(separator: "\n\n") + "\n"
  }

  private var frontMatter: String {
    var lines = ["---"]
    if let license { lines.append("license: \(Self.quoted(license))") }
    if let baseModel { lines.append("base_model: \(Self.quoted(baseModel))") }
    if isInDiffusers { lines.append("library_name: diffusers") }
    lines.append("pipeline_tag: text-to-image")
    lines.append("instance_prompt: \(Self.quoted(prompt))")
    lines.append("tags:")
    let kinds =
      (adapter == nil ? [] : ["lora", "template:sd-lora"])
      + (embedding == nil ? [] : ["textual_inversion"])
    let tags =
      ["text-to-image", "stable-diffusion-xl"]
      + (isInDiffusers ? ["diffusers", "stable-diffusion-xl-diffusers"] : []) + kinds
    lines += tags.map { "  - \($0)" }
    if let samples {
      lines += [
        "widget:", "  - text: \(Self.quoted(samplePrompts.first ?? prompt))", "    output:",
        "      url: \(samples)",
      ]
    }
    return (lines + ["---"]).joined(separator: "\n")
  }

  private var introduction: String {
    let kind = adapter == nil ? "An embedding" : "A \(method.kind.name)"
    let word =
      adapter != nil && embedding != nil ? ", whose vectors are a second file," : ""
    return "\(kind) for Stable Diffusion XL, trained with lora-train. Prompts need the word "
      + "\(Self.code(trigger))\(word) as in \(Self.code(prompt))."
  }

  private var picture: String? {
    samples.map { samples in
      let rows = samplePrompts.enumerated().map { "\($0.offset + 1). \(Self.code($0.element))" }
      return "![Samples](\(samples))"
        + (rows.isEmpty
          ? "" : "\n\nThe rows have these prompts:\n\n" + rows.joined(separator: "\n"))
    }
  }

  /// Whether diffusers loads the files. It knows no LoHa and no LoKr, and drops the magnitudes of a DoRA in
  /// kohya's form.
  private var isInDiffusers: Bool { adapter == nil || [.lora, .rslora].contains(method) }

  private var use: String {
    guard isInDiffusers else { return "## Use\n\n\(otherPrograms)" }
    let python =
      [
        """
        import torch
        from diffusers import StableDiffusionXLPipeline
        """,
        embedding == nil
          ? nil
          : "from huggingface_hub import hf_hub_download\nfrom safetensors.torch import load_file",
        """

        pipeline = StableDiffusionXLPipeline.from_pretrained(
            \(Self.quoted(baseModel ?? Self.sdxl)), torch_dtype=torch.float16
        ).to("cuda")
        """,
        adapter.map {
          "pipeline.load_lora_weights(\(Self.quoted(repository)), weight_name=\(Self.quoted($0)))"
        },
        embedding.map(loadingVectors),
        "picture = pipeline(\(Self.quoted(prompt))).images[0]",
      ].compactMap { $0 }.joined(separator: "\n")
    return "## Use\n\nWith diffusers:\n\n```python\n\(python)\n```\n\n\(otherPrograms)"
  }

  /// Python lines that give the trigger its vectors in both text encoders.
  private func loadingVectors(of file: String) -> String {
    """
    vectors = load_file(hf_hub_download(\(Self.quoted(repository)), \(Self.quoted(file))))
    pipeline.load_textual_inversion(
        vectors["clip_l"], token=\(Self.quoted(trigger)), text_encoder=pipeline.text_encoder,
        tokenizer=pipeline.tokenizer)
    pipeline.load_textual_inversion(
        vectors["clip_g"], token=\(Self.quoted(trigger)), text_encoder=pipeline.text_encoder_2,
        tokenizer=pipeline.tokenizer_2)
    """
  }

  private var otherPrograms: String {
    let lora = adapter.map {
      "With ComfyUI: put `\($0)` into `models/loras` and choose it in the node Load LoRA. With A1111 or Forge: "
        + "put it into `models/Lora`."
    }
    let word = embedding.map {
      let name = $0.replacing(".safetensors", with: "")
      return "Put `\($0)` into `models/embeddings` of ComfyUI, where prompts name it as "
        + "`embedding:\(name)`, or into `embeddings` of A1111 and Forge, where they name it as `\(name)`."
    }
    return [lora, word].compactMap { $0 }.joined(separator: "\n\n")
  }

  private var table: String {
    (["## Training", "", "| setting | value |", "|---|---|"]
      + settings.map { "| \($0.name) | \($0.value.replacing("|", with: "\\|")) |" })
      .joined(separator: "\n")
  }

  /// A text in quotation marks, as JSON, YAML and Python read it.
  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"": "\\\""
      case "\\": "\\\\"
      case "\n": "\\n"
      case "\t": "\\t"
      default: scalar.value < 0x20 || scalar.value == 0x7F ? " " : String(scalar)
      }
    }
    return "\"\(escaped.joined())\""
  }

  /// A text between backticks; longer fences where it has some itself.
  private static func code(_ text: String) -> String {
    let longest = text.split { $0 != "`" }.map(\.count).max() ?? 0
    let fence = String(repeating: "`", count: longest + 1)
    let line = text.replacing("\n", with: " ")
    return longest > 0 ? "\(fence) \(line) \(fence)" : "\(fence)\(line)\(fence)"
  }
}
