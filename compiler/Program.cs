Console.WriteLine("dlc");
