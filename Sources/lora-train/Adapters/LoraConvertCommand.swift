import Adapters
import ArgumentParser
import Drawing
import StableDiffusion

/// `lora-train lora convert FILE --format FORMAT --output FILE`.
struct LoraConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Writes a LoRA in another form or precision.",
    discussion: """
      Values and strength stay the same. In the forms of diffusers and PEFT, alpha / rank is multiplied \
      into the matrices, since some programs ignore it there.
      """)

  @Argument(help: ArgumentHelp("LoRA file, or folder in PEFT's form.", valueName: "file"))
  var file: String
  @Option(
    help: .value(
      "Keep one part only: unet, text_encoder or text_encoder_2. Can be repeated. Default: all.",
      "part"),
    transform: part)
  var part: [ModelDirectory.Component] = []
  @OptionGroup(title: "Output") var output: LoraOutput
  @OptionGroup var model: LoraModelOptions

  func run() throws {
    let url = try output.place()
    let adapter = try AdapterChoice(path: file, strength: 1).open()
    let model = try model.model(of: [adapter])
    let all = try adapter.adapters(for: model.layers)
    let kept = all.filter { part.isEmpty || part.contains($0.key.part) }
    guard !kept.isEmpty else {
      throw UsageError(
        "\(file) has no layers in \(part.map(\.rawValue).joined(separator: ", ")); "
          + "choose another --part.")
    }
    try output.write(
      kept, of: model.layers, from: [adapter], metadata: adapter.keptMetadata(), to: url)
    try Console.result(output.output)
  }

  private static func part(_ text: String) throws -> ModelDirectory.Component {
    let parts: [ModelDirectory.Component] = [.unet, .textEncoder, .textEncoder2]
    guard let part = parts.first(where: { $0.rawValue == text }) else {
      throw ValidationError(
        "There is no part \(text); choose \(parts.map(\.rawValue).joined(separator: ", ")).")
    }
    return part
  }
}
