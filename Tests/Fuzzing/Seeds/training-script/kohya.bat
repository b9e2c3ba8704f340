set STEPS=100
sdxl_train_network.py ^
 --max_train_steps=%STEPS% --network_dim 8 --sample_every_n_epochs 3 --train_batch_size 2 > log 2>&1
