import GRDB

/// The tables, as a list of migrations. A new column is a new migration at the end. A released
/// migration never changes, nor does its name: databases store it.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("v1") { db in
      try db.create(table: "run") { run in
        run.primaryKey("id", .integer)
        run.column("subject", .text).notNull()
        run.column("status", .text).notNull()
        run.column("step", .integer).notNull()
        run.column("steps", .integer).notNull()
        run.column("path", .text).notNull()
        run.column("model", .text).notNull()
        run.column("dataset", .text).notNull()
        run.column("config", .text).notNull()
        run.column("version", .text).notNull()
        run.column("started_at", .datetime).notNull()
        run.column("updated_at", .datetime).notNull()
        run.column("finished_at", .datetime)
        run.column("loss", .double)
        run.column("peak_memory_bytes", .integer)
        run.column("failure", .text)
        run.column("pid", .integer).notNull()
        run.column("host", .text).notNull()
      }
      try createStepTable("step", in: db) { step in
        step.column("loss", .double).notNull()
        step.column("learning_rate", .double).notNull()
        step.column("grad_norm", .double)
        step.column("seconds", .double).notNull()
        step.column("timestep", .double)
      }
      try createStepTable("checkpoint", in: db) { checkpoint in
        checkpoint.column("path", .text).notNull()
        checkpoint.column("sha256", .text).notNull()
      }
      try createStepTable("sample", in: db) { sample in
        sample.column("path", .text).notNull()
      }
      try db.create(table: "resumption") { resumption in
        resumption.column("run", .integer).notNull().indexed().references("run", onDelete: .cascade)
        resumption.column("step", .integer).notNull()
        resumption.column("sha256", .text)
        resumption.column("version", .text).notNull()
        resumption.column("resumed_at", .datetime).notNull()
      }
    }
    migrator.registerMigration("v2: prior preservation") { db in
      try db.alter(table: "step") { step in
        step.add(column: "instance_loss", .double)
        step.add(column: "prior_loss", .double)
      }
    }
    migrator.registerMigration("v3: held-out loss") { db in
      try createStepTable("validation", in: db) { validation in
        validation.column("loss", .double).notNull()
      }
    }
    migrator.registerMigration("v4: held-out loss by timestep, and that of training pictures") {
      db in
      try db.alter(table: "validation") { validation in
        validation.add(column: "bands", .jsonText)
        validation.add(column: "training_loss", .double)
        validation.add(column: "training_bands", .jsonText)
      }
    }
    migrator.registerMigration("v5: changes let pass") { db in
      try db.alter(table: "resumption") { resumption in
        resumption.add(column: "changes", .text)
      }
    }
    migrator.registerMigration("v6: resumptions of unknown date") { db in
      try db.create(table: "new_resumption") { resumption in
        resumption.column("run", .integer).notNull().references("run", onDelete: .cascade)
        resumption.column("step", .integer).notNull()
        resumption.column("sha256", .text)
        resumption.column("version", .text).notNull()
        resumption.column("resumed_at", .datetime)
        resumption.column("changes", .text)
      }
      try db.execute(
        sql: """
          INSERT INTO new_resumption (run, step, sha256, version, resumed_at, changes)
          SELECT run, step, sha256, version, resumed_at, changes FROM resumption ORDER BY rowid
          """)
      try db.drop(table: "resumption")
      try db.rename(table: "new_resumption", to: "resumption")
      try db.create(index: "resumption_run", on: "resumption", columns: ["run"])
    }
    migrator.registerMigration("v7: learning rates of parameter groups") { db in
      try db.alter(table: "step") { step in
        step.add(column: "learning_rates", .jsonText)
      }
    }
    migrator.registerMigration("v8: seconds per step of runs") { db in
      try db.alter(table: "run") { run in
        run.add(column: "seconds_per_step", .double)
      }
      for run in try Int64.fetchAll(db, sql: "SELECT id FROM run WHERE status <> 'running'") {
        try db.execute(
          sql: "UPDATE run SET seconds_per_step = ? WHERE id = ?",
          arguments: [Run.medianSeconds(of: run, in: db), run])
      }
    }
    migrator.registerMigration("v9: ranks of runs") { db in
      try db.alter(table: "run") { run in
        run.add(column: "world_size", .integer)
        run.add(column: "hosts", .jsonText)
      }
    }
    return migrator
  }

  /// Creates a table with at most one row per step of a run, stored in that order.
  private static func createStepTable(
    _ name: String, in db: Database, columns: (TableDefinition) -> Void
  ) throws {
    try db.create(table: name, options: .withoutRowID) { table in
      table.column("run", .integer).notNull().references("run", onDelete: .cascade)
      table.column("step", .integer).notNull()
      columns(table)
      table.primaryKey(["run", "step"])
    }
  }
}
