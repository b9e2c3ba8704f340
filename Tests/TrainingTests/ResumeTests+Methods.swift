import NN

@testable import Training

extension ResumeTests {
  /// A way to train for each optimizer, with rates and ranks by layers.
  static let methods: [Way] =
    OptimizerKind.allCases.map { kind in
      Way(
        testDescription: "\(kind.rawValue), with averages of the last steps",
        config: TinyTraining.config { config in
          config.optimization.optimizer = kind
          config.optimization.learningRate = kind.standardRate == 1 ? 1 : 1e-2
          config.optimization.learningRateWarmupSteps = 2
          config.sampleEvery = 3
          config.sampleSeeds = [7]
        })
    } + [
      Way(
        testDescription: "ranks and rates by layers, LoRA+",
        config: TinyTraining.config { config in
          config.adaptation.targets = LayerTargets(["full"])
          config.adaptation.excludeTargets = ["up_blocks"]
          config.adaptation.layerRanks = LayerNumbers(["down_blocks": 1])
          config.optimization.layerRates = LayerNumbers(["mid_block": 0.5])
          config.optimization.loraPlusRatio = 4
          config.optimization.optimizer = .scheduleFreeAdamW
        })
    ]
}
