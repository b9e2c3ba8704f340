import Files
import Training

/// The memory of a training on each rung, for people.
struct MemoryPlanTable {
  private let plan: MemoryPlan

  init(_ plan: MemoryPlan) { self.plan = plan }

  var text: String {
    let header = ["", "", "images", "captions", "steps", "samples", "most", "time of a step"]
    let rows = plan.rungs.map { rung in
      [
        rung.isChosen ? "->" : "", rung.description, size(rung.estimate.images),
        size(rung.estimate.texts), size(rung.estimate.steps),
        rung.estimate.samples > 0 ? size(rung.estimate.samples) : "-",
        size(rung.peakBytes) + (rung.fits ? "" : " (too much)"),
        "\(rung.relativeTime.fixed(2)) x",
      ]
    }
    return """
      \(plan.resolution) px in \(plan.precision) on \(plan.device), with \(size(plan.budgetBytes)) of memory

      \(Table(header: header, rows: rows).text)
      """
  }

  private func size(_ bytes: Int) -> String { MemorySize(bytes: bytes).description }
}
