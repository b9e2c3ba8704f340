import Options

enum Mode: String, ConfigChoice, CaseIterable {
  case fast
  case exact
  case both
}

/// A small table with an option of every kind.
struct Settings: OptionTable {
  typealias Option<Value: OptionValue> = Options.Option<Settings, Value>
  static let schema = OptionSchema<Settings>()

  @Option(
    .run, "Name of the run.", value: "name",
    check: { name, _ in name.isEmpty ? "a name" : nil })
  var name = "x"
  @Option(
    .run, "Optimizer steps.", .in(1...1000), value: "n",
    resume: .allowedIf { $0.mode == $1.mode && $1.mode == .fast })
  var steps = 100
  @Option(
    .run, "Steps of the warm-up.", value: "n",
    check: { warmUp, settings in
      warmUp <= settings.steps ? nil : "at most \(settings.steps); `steps: 0` is not possible"
    })
  var warmUpSteps = 0
  @Option(.run, "Seed of every random draw.", resume: .never) var seed: UInt64 = 42

  @Option(.loss, "Gamma of min-SNR weighting.", .positive, unset: "every step weighs the same")
  var minSNRGamma: Double? = 5
  @Option(.loss, "Decay of the average.", .properShare) var adamBeta1 = 0.9
  @Option(.loss, "How to compute.") var mode = Mode.fast
  @Option(.loss, "Whether to mirror.") var flip = false
  @Option(
    .loss, "Images in a pass.", .multiple(of: 2, in: 2...8), unset: "all",
    formerly: ["batch", "size"])
  var batchSize: Int? = nil
  @Option(.loss, "Scale of the result.", .positive, follows: .option(\.$steps) { Double($0) })
  var scale = 100.0

  @Option(.output, "What to draw.", unset: "the name", resume: .allowed) var prompts: [String] = []
  @Option(.output, "Steps between samples.", .in(0...1000), follows: .option(\.$steps))
  var sampleEvery = 100
}

extension OptionSection {
  static let run = OptionSection("The run")
  static let loss = OptionSection("The loss")
  static let output = OptionSection("Output")
}
